# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Limits of sizes: files, headers, includes, tests. clang-tidy checks the size
of functions."""
import re

import house

# suffix, folders, most lines, most lines of a file that has a reason.
FILES = (
    (".cpp", ("lib/", "dialect/", "passes/", "codegen/", "runtime/", "emulator/",
              "tools/"),
     400, 700),
    (".h", ("",), 120, 240),
    (".td", ("",), 350, 500),
    (".cpp", ("test/",), 200, 300),
    (".mlir", ("test/",), 200, 300),
    (".py", ("",), 200, 300),
)
HEADER_INCLUDES = 8


def check_files(report):
    largest = (0, "none")
    for suffix, folders, usual, most in FILES:
        for path in house.files(suffix, under=folders):
            count = house.read(path).count("\n")
            if suffix == ".cpp" and not path.startswith("test/"):
                largest = max(largest, (count, path))
            what = path if count <= most else f"{path} (at all)"
            report.check(count <= usual, what,
                         f"has {count} lines, the limit is {usual}, and "
                         f"{most} with a reason")
    report.figure(f"largest .cpp {largest[0]} ({largest[1]})")


def main():
    report = house.Report("budgets")
    check_files(report)
    most = (0, "none")
    for path in house.files(".h"):
        count = len(re.findall(r"^\s*#\s*include", house.read(path), re.M))
        most = max(most, (count, path))
        report.check(count <= HEADER_INCLUDES, path,
                     f"includes {count} headers, limit {HEADER_INCLUDES}")
    report.figure(f"most includes in a header {most[0]} ({most[1]})")
    report.finish()


main()
