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


def read_bytes(path, entry):
    """The bytes of one tensor, of which `entry` is that of the header."""
    begin, end = entry["data_offsets"]
    with open(path, "rb") as file:
        first = 8 + struct.unpack("<Q", file.read(8))[0]
        file.seek(first + begin)
        return file.read(end - begin)


def write_changed(source, target, changed, leave=()):
    """Copies a file with other bytes for some tensors, and without others."""
    header, parts, begin = {}, [], 0
    for name, entry in read_header(source).items():
        if name in leave:
            continue
        part = changed.get(name) or read_bytes(source, entry)
        header[name] = dict(entry, data_offsets=[begin, begin + len(part)])
        parts.append(part)
        begin += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(target).write_bytes(
        struct.pack("<Q", len(text)) + text + b"".join(parts))
