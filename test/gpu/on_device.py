#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests and measures layers on a machine that has a GPU, but no compiler.

  on_device.py pack DIR --bin BUILD/bin [--target sm_90] [--only WORD]
                    [--shapes NAME,...] [--tokens N,...]
  DIR/on_device.py run DIR [--device cuda] [--seconds 480]

`pack` compiles all cases of test/cases and the shapes of the grid, and copies
what `run` needs into a folder, which can be moved. `run` runs the cases, one
layer under each tool of compute-sanitizer (on cuda), and moelora-bench over the
grid, all in the given time; its results are in DIR/results. The last line is
`N passed, N failed`; exit status 1 if anything failed or nothing ran.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve()
PROGRAMS = ("moelora-run", "moelora-bench")
SANITIZERS = ("memcheck", "racecheck", "synccheck", "initcheck")
# Adapters and rank of the grid's cells.
GRID = (("0,1,8", 16), ("0,8", 64))

# Stands in for moelora-compile, and returns what the compiler has made before.
STAND_IN = f'''#!/usr/bin/env python3
import os, pathlib, sys
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import {HERE.stem}
sys.exit({HERE.stem}.replay(sys.argv[1:]))
'''


def key(words, cases):
    """The same before and after the cases have been moved."""
    kept = [w.replace(str(cases), "") for w in words[:words.index("-o")]]
    return hashlib.sha256("\0".join(kept).encode()).hexdigest()[:16]


def replay(words):
    root = HERE.parent
    layer = root / "layers" / key(words, root / "cases")
    if layer.with_suffix(".so").exists():
        shutil.copy(layer.with_suffix(".so"), words[words.index("-o") + 1])
        return 0
    text = layer.with_suffix(".txt")
    print(text.read_text() if text.exists() else
          f"error: {' '.join(words)} was not packed", file=sys.stderr)
    return 1


def compile_case(options, case, folder):
    spec = json.loads((case / "case.json").read_text())
    rank = spec.get("options", {}).get("max_rank")
    words = [str(case / "model"), f"--layer={spec['layer']}",
             *([f"--max-rank={rank}"] if rank else [])]
    layer = folder / "layers" / key([*words, "-o"], folder / "cases")
    done = subprocess.run(
        [options.bin / "moelora-compile", *words, f"--target={options.target}",
         "-o", layer.with_suffix(".so")], capture_output=True, text=True)
    if done.returncode:
        layer.with_suffix(".txt").write_text(done.stderr)


def prepare(options, folder, shapes, tokens):
    folder.mkdir()
    emulated = options.target.startswith("emulated-")
    subprocess.run(
        [options.bin / "moelora-bench", "gpu", f"--prepare={folder}",
         f"--shapes={shapes}", f"--tokens={tokens}", "--adapters=0,8",
         "--rank=64", f"--architectures={options.target.rpartition('_')[2]}",
         f"--device={'emulator' if emulated else 'cuda'}"], check=True)


def pack(options):
    folder, tests = options.folder.resolve(), HERE.parents[1]
    for name in ("bin", "lib", "layers", "results"):
        (folder / name).mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy(options.bin / program, folder / "bin")
    for library in (options.bin.parent / "lib").glob("libmoelora_*.so*"):
        shutil.copy(library, folder / "lib", follow_symlinks=False)
    shutil.copy(HERE, folder)
    stand_in = folder / "bin/moelora-compile"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    shutil.copytree(tests / "cases", folder / "cases")
    for case in sorted(p.parent for p in (folder / "cases").rglob("case.json")):
        if options.only in str(case.relative_to(folder / "cases")):
            compile_case(options, case, folder)
    prepare(options, folder / "small", "small", "16")
    prepare(options, folder / "grid", options.shapes, options.tokens)
    (folder / "packed.json").write_text(json.dumps(
        {"only": options.only, "shapes": options.shapes,
         "tokens": options.tokens, "target": options.target}))
    return 0


class Steps:
    def __init__(self, options):
        self.folder, self.device = options.folder.resolve(), options.device
        self.end = time.monotonic() + options.seconds
        self.passed = self.failed = 0
        self.environment = dict(os.environ,
                                LD_LIBRARY_PATH=str(self.folder / "lib"))

    def step(self, name, *command):
        """Runs a command in what is left of the time."""
        left = max(self.end - time.monotonic(), 1)
        try:
            done = subprocess.run(command, timeout=left, env=self.environment,
                                  stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT)
            status, text = done.returncode, done.stdout
        except subprocess.TimeoutExpired as error:
            status, text = "no time is left", error.stdout or ""
            text = text.decode() if isinstance(text, bytes) else text
        except OSError as error:
            status, text = str(error), ""
        (self.folder / "results" / f"{name}.txt").write_text(text)
        self.passed += status == 0
        self.failed += status != 0
        last = text.strip().rpartition("\n")[2]
        print(f"{'ok   ' if status == 0 else 'WRONG'} {name}: {last or status}",
              flush=True)


def run(options):
    steps, folder = Steps(options), options.folder.resolve()
    packed = json.loads((folder / "packed.json").read_text())
    tools = folder / "bin"
    steps.step("cases", sys.executable, folder / "cases/run_cases.py",
               f"--bin={tools}", f"--device={options.device}",
               f"--only={packed['only']}")
    layer = (tools / "moelora-run", folder / "small/small.so",
             f"--model={folder / 'small/small.json'}", "--random-weights",
             "--random-adapters=8,64", "--tokens=16",
             f"--device={options.device}")
    steps.step("random", *layer)
    for tool in SANITIZERS if options.device.startswith("cuda") else ():
        steps.step(tool, "compute-sanitizer", f"--tool={tool}",
                   "--error-exitcode=9", *layer)
    for adapters, rank in GRID:
        steps.step(f"grid-{rank}", tools / "moelora-bench", "gpu",
                   f"--prepared={folder / 'grid'}", f"--device={options.device}",
                   f"--shapes={packed['shapes']}", f"--tokens={packed['tokens']}",
                   f"--adapters={adapters}", f"--rank={rank}",
                   f"--repeat={options.repeat}",
                   f"--json={folder / 'results' / f'grid-{rank}.json'}")
    print(f"{steps.passed} passed, {steps.failed} failed")
    return 1 if steps.failed or not steps.passed else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("action", choices=("pack", "run"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bin", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--target", default="sm_90")
    parser.add_argument("--only", default="")
    parser.add_argument("--shapes", default="A,C,D")
    parser.add_argument("--tokens", default="1,16,64,1024,8192")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--repeat", type=int, default=50)
    options = parser.parse_args()
    if options.action == "pack" and not options.bin:
        parser.error("pack expects --bin")
    return pack(options) if options.action == "pack" else run(options)


if __name__ == "__main__":
    sys.exit(main())
