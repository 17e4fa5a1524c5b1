# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles each public header of the runtime alone.

headers.py SOURCE COMPILER FLAG...
"""
import pathlib
import subprocess
import sys

source, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
headers = sorted((source / "include/moelora/runtime").glob("*.h"))
broken = []
for header in headers:
    done = subprocess.run(
        [*compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only",
         f"-I{source / 'include'}", "-"],
        input=f'#include "moelora/runtime/{header.name}"\n',
        capture_output=True, text=True)
    if done.returncode:
        broken.append(f"{header.name}: {done.stderr.strip()}")
if broken or not headers:
    sys.exit("\n".join(broken) or "no headers found")
