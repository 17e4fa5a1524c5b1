# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""crash.py LAYER FOLDER: has moelora-compile crash on a layer while it writes
into a pipe that nobody empties, and prints what it left behind."""
import os
import pathlib
import signal
import subprocess
import sys

layer, folder = sys.argv[1], sys.argv[2]
# More than a pipe holds, so that the compiler must still be writing.
padded = pathlib.Path(folder, "padded.mlir")
padded.write_text(f'module attributes {{test.note = "{"x" * 1000000}"}} {{\n'
                  + pathlib.Path(layer).read_text() + "}\n")
compiler = subprocess.Popen(
    ["moelora-compile", str(padded), "--emit=mlir", "--cpu=x86-64-v3"],
    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    env={**os.environ, "TMPDIR": folder})
compiler.stdout.read(1)
os.kill(compiler.pid, signal.SIGSEGV)
_, said = compiler.communicate()
print("status", compiler.returncode)
sys.stdout.write(said.decode(errors="replace"))
for left in pathlib.Path(folder).glob("moelora-compile-*.mlir"):
    left.rename(pathlib.Path(folder, "reproducer.mlir"))
