# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The steps of on_device.py on the machine with the GPU: each has a limit, and
after each of them the results so far are written."""
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import exact

SANITIZERS = ("memcheck", "racecheck", "synccheck", "initcheck")
# What a tool of compute-sanitizer prints if it has watched and found nothing.
CLEAN = re.compile(r"(ERROR|RACECHECK) SUMMARY: 0 ")
# T0 of the grid: no adapter, and three settings of adapters and rank.
SETTINGS = "0,1x16,8x16,8x64"
# The most seconds of a step, and the share of what is left that the grid takes
# if peers are measured after it.
LIMITS = {"random": 30, "exact": 30, "cases": 90, "replays": 60, "sanitizer": 20}
GRID_SHARE = 0.6


def find_cuda(program):
    home = os.environ.get("CUDA_HOME", "/usr/local/cuda")
    return shutil.which(program) or shutil.which(f"{home}/bin/{program}")


def describe_gpu():
    """Name and driver, as nvidia-smi prints them."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return None
    done = subprocess.run(
        [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"],
        capture_output=True, text=True, timeout=30)
    return done.stdout.strip() or None


class Steps:
    def __init__(self, options):
        self.folder, self.out = options.folder, options.out
        self.packed = json.loads((self.folder / "packed.json").read_text())
        self.options, self.tools = options, self.folder / "bin"
        self.end = time.monotonic() + options.seconds
        self.environment = dict(os.environ,
                                LD_LIBRARY_PATH=str(self.folder / "lib"))
        self.results = {"date": datetime.date.today().isoformat(),
                        "gpu": describe_gpu(), "commit": self.packed["commit"],
                        "target": self.packed["target"],
                        "peers": list(self.packed["peers"]), "steps": []}
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / "log.txt").write_text("")

    def left(self):
        return self.end - time.monotonic()

    def call(self, command, limit, cwd):
        """(status, output); a text is a status that is wrong."""
        try:
            done = subprocess.run(
                [str(word) for word in command], timeout=limit, cwd=cwd,
                env=self.environment, stdout=subprocess.PIPE, text=True,
                stderr=subprocess.STDOUT, errors="replace")
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired as error:
            text = error.stdout or b""
            return f"not done in {limit:.0f} s", text.decode(errors="replace")
        except OSError as error:
            return str(error), ""

    def step(self, name, command, limit, wants=None, cwd=None):
        """Runs a command. It fails if it does not print what it `wants`."""
        begin = time.monotonic()
        limit = min(limit, self.left())
        status, text = self.call(command, limit, cwd) if limit > 1 else \
            ("no time is left", "")
        if status == 0 and wants and not wants.search(text):
            status = f"expects the output to match {wants.pattern}"
        lines = text.strip().splitlines() or [""]
        self.note(name, status, time.monotonic() - begin, lines[-1])
        with open(self.out / "log.txt", "a") as log:
            log.write(f"== {name}: {status}\n{text}\n")
        return status == 0

    def note(self, name, status, seconds, last):
        good = status == 0
        print(f"{'ok   ' if good else 'WRONG'} {name}: "
              f"{last if good else f'{status} {last}'}", flush=True)
        self.results["steps"].append(
            {"name": name, "passed": good, "seconds": round(seconds, 1),
             "status": status, "last": last})
        self.write()

    def write(self):
        """A file that is complete at any time."""
        part = self.out / "results.part"
        part.write_text(json.dumps(self.results, indent=1) + "\n")
        part.rename(self.out / "results.json")

    def take(self, key, file):
        """What a program has written, also if it did not come to its end."""
        try:
            self.results[key] = json.loads(file.read_text())
        except (OSError, ValueError):
            self.results[key] = None
        file.unlink(missing_ok=True)
        self.write()

    # The steps, in their order.

    def correctness(self):
        device = f"--device={self.options.device}"
        self.step("random", self.random(), LIMITS["random"])
        found = self.out / "exact.safetensors"
        place = self.folder / "exact"
        self.step("exact run", exact.command(
            self.tools / "moelora-run", place, "layer.so", self.options.device,
            found), LIMITS["exact"])
        same = found.exists() and \
            found.read_bytes() == (place / "expected.safetensors").read_bytes()
        found.unlink(missing_ok=True)
        self.note("exact", 0 if same else "expects the bits of the emulator", 0,
                  "the bits of the emulator" if same else "")
        self.step("cases", [sys.executable, self.folder / "cases/run_cases.py",
                            f"--bin={self.tools}", device,
                            f"--only={self.packed['only']}"], LIMITS["cases"])
        replays = self.out / "replays.part"
        self.step("replays", [
            self.tools / "moelora-bench", "gpu", device,
            f"--prepared={self.folder / 'small'}", "--shapes=small,small-B",
            "--tokens=16", "--adapters=4", "--rank=32",
            f"--replays={self.options.replays}", f"--json={replays}"],
            LIMITS["replays"] * self.options.patience)
        self.take("replays", replays)

    def random(self):
        return [self.tools / "moelora-run", self.folder / "small/small.so",
                f"--model={self.folder / 'small/small.json'}",
                "--random-weights", "--random-adapters=8,32", "--tokens=16",
                f"--device={self.options.device}"]

    def sanitizers(self):
        program = find_cuda("compute-sanitizer") or "compute-sanitizer"
        for tool in SANITIZERS:
            self.step(tool, [program, f"--tool={tool}", "--error-exitcode=9",
                             *self.random()],
                      LIMITS["sanitizer"] * self.options.patience, wants=CLEAN)

    def grid(self):
        share = GRID_SHARE if self.packed["peers"] else 1
        limit, cells = max(self.left() * share, 1), self.out / "grid.json"
        self.step("grid", [
            self.tools / "moelora-bench", "gpu", "--peer",
            f"--device={self.options.device}", f"--json={cells}",
            f"--prepared={self.folder / 'grid'}", f"--adapters={SETTINGS}",
            f"--shapes={self.packed['shapes']}",
            f"--tokens={self.packed['tokens']}",
            f"--repeat={self.options.repeat}",
            f"--seconds={max(int(limit * 0.9), 1)}"], limit)
        self.take("grid", cells)

    def peers(self):
        for index, (name, words) in enumerate(self.packed["peers"].items()):
            cells = self.out / f"{name}.part"
            command = [word.replace("{json}", str(cells)) for word in words]
            limit = self.left() / (len(self.packed["peers"]) - index)
            self.step(name, command, limit, cwd=self.folder / "peers" / name)
            self.take(name, cells)

    def plot(self):
        sys.path.insert(0, str(self.folder / "pictures"))
        import grid
        for name, draw in (("floor", grid.floor), ("peers", grid.peers)):
            (self.out / f"grid-{name}.svg").write_text(str(draw(self.results)))

    def run(self):
        for work in (self.correctness, self.sanitizers, self.grid, self.peers,
                     self.plot):
            try:
                work()
            except Exception as error:  # the other steps are worth their time
                self.note(work.__name__, f"{type(error).__name__}: {error}", 0,
                          "")
        passed = sum(step["passed"] for step in self.results["steps"])
        failed = len(self.results["steps"]) - passed
        print(f"{passed} passed, {failed} failed")
        return 1 if failed or not passed else 0
