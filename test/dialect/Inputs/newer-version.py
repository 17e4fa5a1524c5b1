# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies bytecode and raises the dialect's version from 1 to 2.

newer-version.py IN OUT
"""
import sys

# A section of kind 7 (dialect version), of one byte, a varint: 2n + 1 is n.
VERSION_1, VERSION_2 = b"\x07\x03\x03", b"\x07\x03\x05"

with open(sys.argv[1], "rb") as source:
    data = source.read()
# The dialect section is the first one, so its version comes first of all.
if VERSION_1 not in data:
    sys.exit("no dialect version found")
with open(sys.argv[2], "wb") as target:
    target.write(data.replace(VERSION_1, VERSION_2, 1))
