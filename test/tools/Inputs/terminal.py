# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""terminal.py COMMAND...: runs a command whose standard error is a terminal,
and prints what it writes there. The exit status is the command's."""
import os
import pty
import subprocess
import sys

ours, theirs = pty.openpty()
command = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL,
                           stderr=theirs)
os.close(theirs)
while True:
    try:
        text = os.read(ours, 1 << 16)
    except OSError:  # the command has closed the other end
        break
    if not text:
        break
    sys.stdout.write(text.decode().replace("\r\n", "\n"))
sys.exit(command.wait())
