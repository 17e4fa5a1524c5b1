# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""status.py N COMMAND...: succeeds if the command's exit status is N. What it
prints passes through."""
import subprocess
import sys

expected, command = int(sys.argv[1]), sys.argv[2:]
found = subprocess.run(command).returncode
if found != expected:
    sys.exit(f"expected status {expected}, found {found}: {' '.join(command)}")
