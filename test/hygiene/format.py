# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C++ is formatted according to .clang-format."""
import re
import shutil
import subprocess

import house


def main():
    report, paths = house.Report("format"), house.sources()
    tool = shutil.which("clang-format-22")
    report.check(tool, "clang-format-22", "is not installed")
    if tool and paths:
        done = subprocess.run([tool, "--dry-run", *paths], cwd=house.ROOT,
                              capture_output=True, text=True)
        wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: warning: code should",
                                      done.stderr, re.M)))
        for path in wrong:
            report.check(False, path, "run clang-format-22 -i on it")
    report.figure(f"{len(paths)} files")
    report.finish()


main()
