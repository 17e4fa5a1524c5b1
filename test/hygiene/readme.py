# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The README's example runs in the tree as it is, and it needs only tools that
tools/quickstart builds. The routed layer of docs/levels.md parses, and the
fused one is what the passes that the text names make of it. The argument is
the folder of the tools."""
import pathlib
import re
import subprocess
import sys
import tempfile

import house

LAYER = re.compile(r"```mlir\n(.*?)```", re.S)
SHELL = re.compile(r"```sh\n(.*?)```", re.S)
PAGE = "docs/levels.md"


def run(command, text=None):
    done = subprocess.run(command, input=text, text=True, cwd=house.ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}")
    return done.stdout


def built_tools():
    target = re.search(r"\btools=\(([^)]*)\)", house.read("tools/quickstart"))
    return set(target.group(1).split())


def run_example(report, tools):
    """The first block that calls tools of the build is copied by readers."""
    example = next(block for block in SHELL.findall(house.read("README.md"))
                   if "build/bin/" in block)
    for tool in set(re.findall(r"moelora-\w+", example)) - built_tools():
        report.check(False, "README.md", f"uses {tool}, which "
                     "tools/quickstart does not build")
    with tempfile.TemporaryDirectory() as out:
        example = example.replace(" build/bin/", f" {tools}/")
        example = example.replace(" build/", f" {out}/")
        said = run(["bash", "-c", example])
    report.check("right: yes" in said, "README.md",
                 f"has an example that is not right: {said}")


def compare_levels(report, tools):
    page, opt = house.read(PAGE), str(tools / "moelora-opt")
    routed, fused = LAYER.findall(page)
    # The page does not repeat the types and the signature.
    head = re.match(r".*?\) *\n? *-> tensor<[^>]*> \{\n", routed, re.S).group()
    named = re.search(r"`moelora-opt ([^`]+)` turns", page).group(1).split()
    made = run([opt, "-", *named], routed)
    report.check(made == run([opt, "-"], head + fused + "}\n"), PAGE,
                 f"shows another fused layer than the passes make:\n{made}")
    report.figure(f"{len(routed.splitlines())} lines become "
                  f"{len((head + fused).splitlines())}")


def main():
    report, tools = house.Report("readme"), pathlib.Path(sys.argv[1])
    run_example(report, tools)
    compare_levels(report, tools)
    report.finish()


main()
