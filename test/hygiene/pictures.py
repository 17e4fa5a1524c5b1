# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pictures of docs/pictures are what its make.py draws, and each of them is
shown in a page."""
import pathlib
import sys

import house

FOLDER = "docs/pictures/"
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / FOLDER))
import make  # noqa: E402


def main():
    report, made = house.Report("pictures"), make.texts()
    there = {n[len(FOLDER):] for n in house.files(".svg", under=(FOLDER,))}
    pages = "".join(house.read(p) for p in house.files(".md"))
    for name in sorted(there | set(made)):
        path = FOLDER + name
        report.check(name in there and house.read(path) == made.get(name), path,
                     "is out of date; run docs/pictures/make.py")
        report.check(f"pictures/{name})" in pages, path, "is shown in no page")
    report.figure(f"{len(there)} pictures")
    report.finish()


main()
