# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Looks up each C and Python sample of a page in the programs that they were
taken from.

sample.py PAGE PROGRAM...
"""
import pathlib
import re
import sys

page, *programs = (pathlib.Path(name).read_text() for name in sys.argv[1:])
samples = re.findall(r"^```(?:c|python)\n(.*?)^```", page, re.M | re.S)
missing = [sample for sample in samples
           if not any(sample in program for program in programs)]
if missing or not samples:
    sys.exit("\n".join(["not in the program:", *missing]))
print(f"{len(samples)} samples")
