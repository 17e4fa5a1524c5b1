# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a case in which a peer rank is lost, as processes under MPI, and checks
what each of the others reports.

lost.py --program=moelora-group-check --mpiexec=... --transport=... --ranks=4
        [--times=N] CASE...

The cases are those of the program, `kill` and `stop`, which send SIGKILL or
SIGSTOP to a peer rank in the middle of its exchanges. FOLDER/left then has the
numbers of the others. Each peer rank runs under a shell that outlives it, because
mpiexec may end all processes when one of its children ends.
"""
import argparse
import os
import pathlib
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
LONGEST = 60  # seconds
SHELL = """
"$0" "$@" & wait $!
while [ ! -e "$FOLDER/done" ]; do sleep 0.1; done
"""


def wait_for(condition, what):
    end = time.monotonic() + LONGEST
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {LONGEST} s")
        time.sleep(0.02)


def lose(folder, ranks, number, draw):
    """Sends the signal to one process. Returns its id."""
    wait_for(lambda: len(list(folder.glob("*.began"))) == ranks, "an exchange")
    pids = [int((folder / f"{rank}.began").read_text()) for rank in range(ranks)]
    time.sleep(draw.random())
    victim = draw.randrange(ranks)
    os.kill(pids[victim], number)
    (folder / "left.part").write_text(
        " ".join(str(rank) for rank in range(ranks) if rank != victim))
    (folder / "left.part").rename(folder / "left")
    return pids[victim]


def results(folder, ranks):
    return {rank: (folder / str(rank)).read_text() for rank in range(ranks)
            if (folder / str(rank)).exists()}


def start(options, case, folder):
    case = "reports_a_lost_peer" if case in SIGNALS else case
    environment = dict(os.environ, FOLDER=str(folder))
    return subprocess.Popen(
        [*shlex.split(options.mpiexec), "-n", str(options.ranks), "/bin/sh", "-c",
         SHELL, options.program, f"--transport={options.transport}",
         f"--case={case}", f"--result={folder}"],
        env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=(folder / "log").open("w"), stderr=subprocess.STDOUT)


def end(launched, folder, stopped):
    """Ends all processes, also a stopped one."""
    if stopped:
        os.kill(stopped, signal.SIGKILL)
    (folder / "done").touch()
    try:
        launched.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(launched.pid, signal.SIGKILL)
        launched.wait()


def run(options, case, draw):
    """Returns what is wrong, one line each."""
    with tempfile.TemporaryDirectory() as name:
        folder, victim = pathlib.Path(name), None
        launched = start(options, case, folder)
        try:
            if case in SIGNALS:
                victim = lose(folder, options.ranks, SIGNALS[case], draw)
            begin = time.monotonic()
            expected = options.ranks - (case in SIGNALS)
            wait_for(lambda: len(results(folder, options.ranks)) == expected,
                     f"the results of {expected} peer ranks")
            print(f"{case}: {expected} of {options.ranks} peer ranks reported after "
                  f"{time.monotonic() - begin:.1f} s")
            found = results(folder, options.ranks)
        except TimeoutError as error:
            return [f"{case}: {error}", (folder / "log").read_text(),
                    *results(folder, options.ranks).values()]
        finally:
            end(launched, folder, victim if case == "stop" else None)
    return [f"{case}, peer rank {rank}: {text}"
            for rank, text in found.items() if text != "right"]


def main():
    parser = argparse.ArgumentParser()
    for option in ("program", "mpiexec", "transport"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("cases", nargs="+")
    options = parser.parse_args()
    draw = random.Random(options.seed)
    wrong = [line for case in options.cases * options.times
             for line in run(options, case, draw)]
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
