# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads small safetensors files with Python's standard library alone, apart
from the runtime's reader, which is among what the cases test."""
import array
import collections
import json
import pathlib
import struct

Tensor = collections.namedtuple("Tensor", "dtype shape values")
# Type codes of the array module; bf16 and f16 are widened below.
CODES = {"F64": "d", "F32": "f", "I32": "i", "I64": "q"}


def read_header(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return header


def values_of(dtype, data):
    if dtype == "BF16":  # the upper half of an f32
        bits = array.array("I", (b << 16 for b in array.array("H", data)))
        return array.array("f", bits.tobytes()).tolist()
    if dtype == "F16":
        return list(struct.unpack(f"<{len(data) // 2}e", data))
    return array.array(CODES[dtype], data).tolist()


def read(path):
    """name -> Tensor of a file; values are one flat list, row-major."""
    blob, header = pathlib.Path(path).read_bytes(), read_header(path)
    begin, tensors = 8 + struct.unpack_from("<Q", blob)[0], {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        tensors[name] = Tensor(
            entry["dtype"], entry["shape"],
            values_of(entry["dtype"], blob[begin + first:begin + end]))
    return tensors
