# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""runs.py TIMES EXPECTED COMMAND...: runs a command several times, and compares
what it prints with a file."""
import subprocess
import sys

times, expected, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
with open(expected, "rb") as file:
    wanted = file.read()
equal = 0
for run in range(times):
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    equal += found == wanted
print(f"{equal} of {times} runs are equal")
sys.exit(equal != times)
