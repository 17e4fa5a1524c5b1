# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The README's layer parses, and its second form is what the passes that the
text names make of the first. The argument is moelora-opt."""
import re
import subprocess
import sys

import house

BLOCK = re.compile(r"```mlir\n(.*?)```", re.S)


def run(tool, text, *options):
    done = subprocess.run([tool, "-", *options], input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"{' '.join(options)}: {done.stdout}")
    return done.stdout


def main():
    report, readme = house.Report("readme"), house.read("README.md")
    routed, fused = BLOCK.findall(readme)
    # The README does not repeat the types and the signature.
    head = re.match(r".*?\) *\n? *-> tensor<[^>]*> \{\n", routed, re.S).group()
    named = re.search(r"`moelora-opt ([^`]+)`", readme).group(1).split()
    made = run(sys.argv[1], routed, *named)
    report.check(made == run(sys.argv[1], head + fused + "}\n"), "README.md",
                 f"shows another fused layer than the passes make:\n{made}")
    report.figure(f"{len(routed.splitlines())} lines become "
                  f"{len((head + fused).splitlines())}")
    report.finish()


main()
