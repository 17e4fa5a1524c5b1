# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Looks up each C sample of a page in the program that it was taken from.

sample.py PAGE PROGRAM
"""
import pathlib
import re
import sys

page, program = (pathlib.Path(name).read_text() for name in sys.argv[1:])
samples = re.findall(r"^```c\n(.*?)^```", page, re.M | re.S)
missing = [sample for sample in samples if sample not in program]
if missing or not samples:
    sys.exit("\n".join(["not in the program:", *missing]))
print(f"{len(samples)} samples")
