#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mutants: code with a mistake, to see that a test finds it.

mutants.py TABLE --list             a line for each mutant: its name, its files
mutants.py TABLE NAME FROM TO       writes the mutant's files of folder FROM
                                    to TO

TABLE is a Python file with MUTANTS: the name of a mutant -> its changes, each a
file, what is in it, and what takes its place.
"""
import pathlib
import runpy
import sys

MUTANTS = runpy.run_path(sys.argv[1])["MUTANTS"]


def files_of(name):
    return sorted({file for file, _, _ in MUTANTS[name]})


def write(name, source, target):
    for file in files_of(name):
        text = (source / file).read_text()
        for other, old, new in MUTANTS[name]:
            if other != file:
                continue
            if old not in text:
                sys.exit(f"error: {file} has no text '{old}' any more")
            text = text.replace(old, new)
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).write_text(text)


if sys.argv[2] == "--list":
    for mutant in MUTANTS:
        print(mutant, *files_of(mutant))
else:
    write(sys.argv[2], *map(pathlib.Path, sys.argv[3:]))
