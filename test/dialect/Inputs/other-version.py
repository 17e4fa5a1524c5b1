# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies bytecode that the dialect's version 2 wrote and says another one.

other-version.py VERSION IN OUT
"""
import sys


def section(version):
    """A section of kind 7 (dialect version), of one byte, a varint: 2n + 1 is
    n."""
    return bytes([7, 3, 2 * version + 1])


version, path, out = sys.argv[1:]
with open(path, "rb") as source:
    data = source.read()
# The dialect section is the first one, so its version comes first of all.
if section(3) not in data:
    sys.exit("no dialect version found")
with open(out, "wb") as target:
    target.write(data.replace(section(3), section(int(version)), 1))
