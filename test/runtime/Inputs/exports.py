# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a library's dynamic symbols with the functions of the headers, and
reads what else it needs.

exports.py SOURCE LIBRARY
"""
import pathlib
import re
import subprocess
import sys

source, library = pathlib.Path(sys.argv[1]), sys.argv[2]
# What a machine without compilers and interpreters has.
ALLOWED = re.compile(r"lib(stdc\+\+|gcc_s|c|m|pthread|dl)\.so|ld-linux|lib(asan|tsan|ubsan|clang_rt)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


declared = set()
for header in (source / "include/moelora/runtime").glob("*.h"):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    declared |= set(re.findall(r"MOELORA_API[^;{]*?\b(moelora_\w+)\s*\(", text))
# Symbols carry the version of the ABI that they came with; the version is a
# symbol too.
versioned = re.compile(r"(moelora_\w+)@@MOELORA_\d+$")
symbols = {line.split()[-1] for line in
           output("llvm-nm", "-D", "--defined-only", library).splitlines()}
symbols -= {name for name in symbols if re.match(r"MOELORA_\d+(@@|$)", name)}
exported = {versioned.match(name).group(1) if versioned.match(name) else name
            for name in symbols}
needed = re.findall(r"NEEDED\s+(\S+)", output("llvm-objdump", "-p", library))

problems = [f"exported, but in no header: {name}" for name in sorted(exported - declared)]
problems += [f"declared, but not exported: {name}" for name in sorted(declared - exported)]
problems += [f"needs {name}" for name in needed if not ALLOWED.search(name)]
if problems or not declared or not needed:
    sys.exit("\n".join(problems) or "nothing to compare")
