# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""full.py [--files] COMMAND...: succeeds if the command fails, with a status
that is no signal, where its output has no place: on standard output, or, with
--files, in files of more than a few bytes. What it says passes through."""
import resource
import signal
import subprocess
import sys

MOST = 16  # bytes of a file

files = sys.argv[1] == "--files"
command = sys.argv[2 if files else 1:]


def no_room():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST))


with open("/dev/full", "w") as full:
    # A limit on files would catch standard error, too, where that is one.
    done = subprocess.run(command, stdout=None if files else full,
                          stderr=subprocess.PIPE, text=True,
                          preexec_fn=no_room if files else None)
sys.stdout.write(done.stderr)
if done.returncode <= 0:
    sys.exit(f"status {done.returncode}: {' '.join(command)}")
