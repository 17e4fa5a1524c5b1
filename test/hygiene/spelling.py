# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""codespell finds no misspelled word. spelling.txt lists words that it would
correct but that are right here, such as names in code."""
import re
import shutil
import subprocess

import house

TEXT = (".cpp", ".h", ".td", ".cmake", "CMakeLists.txt", ".py", ".mlir",
        ".md", ".c", ".test")


def main():
    report, paths = house.Report("spelling"), house.files(*TEXT)
    tool = shutil.which("codespell")
    report.check(tool, "codespell", "is not installed")
    if tool and paths:
        known = house.pathlib.Path(__file__).with_name("spelling.txt")
        done = subprocess.run([tool, "--ignore-words", known, *paths],
                              cwd=house.ROOT, capture_output=True, text=True)
        for where, said in re.findall(r"^([^:]+:\d+): (.*)$", done.stdout, re.M):
            report.check(False, where, said)
    report.figure(f"{len(paths)} files")
    report.finish()


main()
