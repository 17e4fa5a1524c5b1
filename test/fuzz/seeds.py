# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the fuzzers begin with, made from the cases: inputs that are right, and
a dictionary of the words in them."""
import hashlib
import pathlib
import re

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases"
STRING = re.compile(rb'"((?:[^"\\]|\\.){1,40})"')
# Bounds that sizes pass through, and forms that JSON has for few numbers.
NUMBERS = ("-1", "0", "65536", "65537", "1048577", "2147483648", "4294967296",
           "9223372036854775807", "18446744073709551616", "1e999", "1e-999",
           "-0.0", "NaN", "Infinity", "null", "true", "[[", "]]", "{}", "\\u0000")


def header_and_data_size(path):
    """The JSON of a safetensors file, and how many bytes follow it."""
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    return data[8:end], max(len(data) - end, 0)


def size(number):
    return min(number, 0xFFFFFF).to_bytes(3, "little")


def adapter_seed(folder):
    """The form that FuzzAdapter.cpp reads, and the parts of it."""
    model = folder.parents[1] / "model/config.json"
    texts = [model.read_bytes(), (folder / "adapter_config.json").read_bytes()]
    header, data = header_and_data_size(folder / "adapter_model.safetensors")
    sizes = b"".join(map(size, [len(texts[0]), len(texts[1]), data]))
    return sizes + b"".join(texts) + header


def seeds():
    """(fuzzer, bytes) of each seed."""
    for path in sorted(CASES.rglob("config.json")):
        yield "model-config", path.read_bytes()
    for path in sorted(CASES.rglob("adapter_config.json")):
        yield "adapter-config", path.read_bytes()
    for path in sorted(CASES.rglob("adapter_model.safetensors")):
        header, data = header_and_data_size(path)
        yield "safetensors", b"\1" + size(data) + header
        if (path.parent / "adapter_config.json").exists():
            yield "adapter", adapter_seed(path.parent)


def quoted(word):
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


def write(out):
    """OUT/<fuzzer>/* and OUT/<fuzzer>.dict; answers the fuzzers' names."""
    words = {}
    for fuzzer, data in seeds():
        place = out / fuzzer
        place.mkdir(parents=True, exist_ok=True)
        (place / hashlib.sha1(data).hexdigest()).write_bytes(data)
        words.setdefault(fuzzer, {n.encode() for n in NUMBERS}).update(
            b'"' + found + b'"' for found in STRING.findall(data))
    for fuzzer, found in words.items():
        (out / f"{fuzzer}.dict").write_text(
            "".join(map(quoted, sorted(found))))
    return sorted(words)
