# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loses a peer rank in the middle of runs of a layer, as processes under MPI,
and starts all of them again.

lost_run.py --bin=BUILD/bin --case=FOLDER --mpiexec=... --transport=...
            [--times=N] kill|stop...

The layer of a case of test/cases is cut over 1 x 2 x 2 peer ranks, which run it
again and again until one is killed or stopped. Each of the others must report
the loss within the group's time limit, without an output. The next run, of
processes that start again, must have the bits of threads of one process, and
all slot tables the same digest.
"""
import argparse
import json
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import time

import lost

RANKS, GRID = 4, ("--ep=2", "--tp=2")
FOREVER = 1000000000
# A rank that has used so much has begun to run: to start takes less.
BEGUN_S = 1.0
# The time limit of an exchange, and what a busy machine needs beside it.
LIMIT_S, SLACK_S = 8, 20
SHELL = """
rank=${PMI_RANK-$OMPI_COMM_WORLD_RANK}
"$0" "$@" 2>"$FOLDER/$rank.errors" & echo $! >"$FOLDER/$rank.pid"; wait $!
echo $? >"$FOLDER/$rank.part"; mv "$FOLDER/$rank.part" "$FOLDER/$rank.status"
while [ ! -e "$FOLDER/done" ]; do sleep 0.1; done
"""


class Layer:
    """A compiled layer, and how it is run."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        spec = json.loads((options.case / "case.json").read_text())
        layer, model = folder / "layer.so", options.case / "model"
        subprocess.run([options.bin / "moelora-compile", model, *GRID,
                        f"--layer={spec['layer']}", "-o", layer], check=True)
        self.command = [
            options.bin / "moelora-run", layer, f"--model={model}", "--threads=1",
            f"--io={options.case / 'io.safetensors'}",
            *(f"--adapter={name}={options.case / 'adapters' / name}"
              for name in spec["adapters"])]
        self.launcher = [*shlex.split(options.mpiexec), "-n", str(RANKS)]
        self.expected = self.once("loopback", [])

    def once(self, collectives, launcher):
        """(bytes of the output, digests of the slot tables)"""
        output = self.folder / "output"
        output.unlink(missing_ok=True)
        done = subprocess.run(
            [*launcher, *self.command, f"--collectives={collectives}",
             f"--out={output}", "--explain-sharding", "--json"],
            check=True, capture_output=True, text=True, timeout=300)
        report = json.loads(done.stdout)
        return output.read_bytes(), [
            report[f"rank_{rank}"]["slot_table_digest"] for rank in range(RANKS)]

    def start(self, folder):
        return subprocess.Popen(
            [*self.launcher, "/bin/sh", "-c", SHELL, *self.command,
             f"--collectives={self.options.transport}", f"--repeat={FOREVER}",
             f"--out={folder / 'output'}"],
            env=dict(os.environ, FOLDER=str(folder)), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)


def processor_time(path):
    """Seconds that a process has used; 0 if it has not begun."""
    if not path.exists() or not path.read_text().strip():
        return 0
    stat = pathlib.Path(f"/proc/{path.read_text().strip()}/stat").read_text()
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def lose(folder, number, draw):
    """Sends the signal to one peer rank. Returns it and its process."""
    paths = [folder / f"{rank}.pid" for rank in range(RANKS)]
    lost.wait_for(lambda: min(map(processor_time, paths)) >= BEGUN_S, "runs")
    time.sleep(draw.random())
    victim = draw.randrange(RANKS)
    pid = int(paths[victim].read_text())
    os.kill(pid, number)
    return victim, pid


def wrong_reports(folder, victim, seconds):
    """What the others did not report as they should."""
    wrong = [f"it took {seconds:.1f} s"] * (seconds > LIMIT_S + SLACK_S)
    for rank in set(range(RANKS)) - {victim}:
        status = (folder / f"{rank}.status").read_text().strip()
        text = (folder / f"{rank}.errors").read_text().strip()
        if status != "1" or "peer rank" not in text:
            wrong.append(f"peer rank {rank}: status {status}, {text!r}")
    if (folder / "output").exists():
        wrong.append("there is an output")
    return wrong


def lose_one(layer, case, draw):
    """What is wrong after a peer rank was lost."""
    with tempfile.TemporaryDirectory() as name:
        folder, stopped = pathlib.Path(name), None
        launched = layer.start(folder)
        try:
            victim, pid = lose(folder, lost.SIGNALS[case], draw)
            stopped = pid if case == "stop" else None
            begin = time.monotonic()
            others = [folder / f"{rank}.status" for rank in range(RANKS)
                      if rank != victim]
            lost.wait_for(lambda: all(path.exists() for path in others),
                          "the errors of the other peer ranks")
            seconds = time.monotonic() - begin
            wrong = wrong_reports(folder, victim, seconds)
        except TimeoutError as error:
            return [str(error)]
        finally:
            lost.end(launched, folder, stopped)
    print(f"{case}: peer rank {victim} was lost, the others reported it after "
          f"{seconds:.1f} s", flush=True)
    return wrong


def wrong_restart(layer):
    """What is wrong with the next run."""
    output, digests = layer.once(layer.options.transport, layer.launcher)
    return (["the next run has other bits"] * (output != layer.expected[0])
            + [f"the tables differ: {digests} and {layer.expected[1]}"]
            * (len(set(digests + layer.expected[1])) != 1))


def main():
    parser = argparse.ArgumentParser()
    for option in ("mpiexec", "transport"):
        parser.add_argument(f"--{option}", required=True)
    for option in ("bin", "case"):
        parser.add_argument(f"--{option}", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("cases", nargs="+", choices=lost.SIGNALS)
    options = parser.parse_args()
    draw, wrong = random.Random(options.seed), []
    with tempfile.TemporaryDirectory() as name:
        layer = Layer(options, pathlib.Path(name))
        for case in options.cases * options.times:
            wrong += [f"{case}: {text}" for text in
                      lose_one(layer, case, draw) + wrong_restart(layer)]
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
