#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests and measures layers on a machine that has a GPU, but no compiler.

  on_device.py pack DIR --bin BUILD/bin [--target sm_90] [--only WORD]
                    [--shapes NAME,...] [--tokens N,...]
                    [--peer NAME FOLDER 'COMMAND ... {json}']... [--archive FILE]
  DIR/on_device.py run DIR [--seconds 480] [--out FOLDER] [--device cuda]

`pack` compiles all cases of test/cases and the shapes of the grid, also with
--strategy=unfused_peer, and copies what `run` needs into a folder, which can be
moved, and with --archive into FILE.tar.gz, too. A peer is another program that
measures the grid: its folder is copied, and its command runs there. It writes
{"cells": [...]} to the file {json}; a cell has `shape`, `tokens`, `adapters`,
`ranks` and `graph`, with the median `us`, and `void` if its output was wrong.

`run` runs, in the given time,

  random, exact  one layer beside the reference, and one whose sums are exact,
                 which must give the bits of the emulator
  cases          all cases of test/cases
  replays        10,000 replays of graphs, with adapters that come and go
  memcheck, racecheck, synccheck, initcheck
                 the first layer under each tool of compute-sanitizer
  grid           moelora-bench over the grid, beside the peer strategy
  NAME           each peer

Each step has a limit. FOLDER (DIR/results) gets results.json with the date, the
GPU and the commit, plots and the log; results.json is complete after each step.
The last line is `N passed, N failed`; exit status 1 if anything failed.
"""
import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

import device_steps
import exact

HERE = pathlib.Path(__file__).resolve()
ROOT = HERE.parent.parent.parent
PROGRAMS = ("moelora-run", "moelora-bench")
SCRIPTS = (HERE, HERE.with_name("device_steps.py"), HERE.with_name("exact.py"))

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


def compile_layer(options, words, output, target=None):
    return subprocess.run(
        [options.bin / "moelora-compile", *words,
         f"--target={target or options.target}", "-o", output],
        capture_output=True, text=True)


def compile_case(options, case, folder):
    spec = json.loads((case / "case.json").read_text())
    rank = spec.get("options", {}).get("max_rank")
    words = [str(case / "model"), f"--layer={spec['layer']}",
             *([f"--max-rank={rank}"] if rank else [])]
    layer = folder / "layers" / key([*words, "-o"], folder / "cases")
    done = compile_layer(options, words, layer.with_suffix(".so"))
    if done.returncode:
        layer.with_suffix(".txt").write_text(done.stderr)


def compile_exact(options, folder):
    """The expected output is that of the emulator."""
    exact.make(folder)
    words = [str(folder / "model"), "--layer=0", "--max-rank=32"]
    for layer, target in (("layer.so", None), ("emulated.so", "emulated-sm_80")):
        compile_layer(options, words, folder / layer, target).check_returncode()
    subprocess.run(exact.command(
        options.bin / "moelora-run", folder, "emulated.so", "emulator",
        folder / "expected.safetensors"), check=True, stdout=subprocess.PIPE)
    (folder / "emulated.so").unlink()


def prepare(options, folder, *words):
    folder.mkdir()
    subprocess.run(
        [options.bin / "moelora-bench", "gpu", f"--prepare={folder}", *words,
         f"--target={options.target}"], check=True)


def commit():
    """The commit, and a plus sign if the tree differs from it."""
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], text=True,
                              capture_output=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def copy_programs(options, folder):
    for name in ("bin", "lib", "layers", "pictures", "peers"):
        (folder / name).mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy(options.bin / program, folder / "bin")
    for library in (options.bin.parent / "lib").glob("libmoelora_*.so*"):
        shutil.copy(library, folder / "lib", follow_symlinks=False)
    for script in SCRIPTS:
        shutil.copy(script, folder)
    for module in ("grid.py", "plots.py", "svg.py"):
        shutil.copy(ROOT / "docs/pictures" / module, folder / "pictures")
    stand_in = folder / "bin/moelora-compile"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)


def pack(options):
    folder = options.folder
    copy_programs(options, folder)
    cases = folder / "cases"
    shutil.copytree(ROOT / "test/cases", cases)
    chosen = [p.parent for p in sorted(cases.rglob("case.json"))
              if options.only in str(p.parent.relative_to(cases))]
    for number, case in enumerate(chosen):
        print(f"case {number + 1} of {len(chosen)}: {case.relative_to(cases)}",
              flush=True)
        compile_case(options, case, folder)
    compile_exact(options, folder / "exact")
    prepare(options, folder / "small", "--shapes=small,small-B", "--adapters=4",
            "--rank=32")
    prepare(options, folder / "grid", f"--shapes={options.shapes}", "--peer",
            f"--adapters={device_steps.SETTINGS}")
    for name, place, _ in options.peer:
        shutil.copytree(place, folder / "peers" / name)
    (folder / "packed.json").write_text(json.dumps(
        {"only": options.only, "shapes": options.shapes, "commit": commit(),
         "tokens": options.tokens, "target": options.target,
         "peers": {name: words.split() for name, _, words in options.peer}}))
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    print(f"{folder} has {size / 2**20:.1f} MiB")
    if options.archive:
        base = str(options.archive).removesuffix(".tar.gz")
        made = pathlib.Path(shutil.make_archive(base, "gztar", folder))
        print(f"{made} has {made.stat().st_size / 2**20:.1f} MiB")
    return 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    path = lambda text: pathlib.Path(text).resolve()
    parser.add_argument("action", choices=("pack", "run"))
    parser.add_argument("folder", type=path)
    parser.add_argument("--bin", type=path)
    parser.add_argument("--target", default="sm_90")
    parser.add_argument("--only", default="")
    parser.add_argument("--shapes", default="A,B,D,C")
    parser.add_argument("--tokens", default="1,16,64,1024,8192")
    parser.add_argument("--peer", nargs=3, action="append", default=[],
                        metavar=("NAME", "FOLDER", "COMMAND"))
    parser.add_argument("--archive", type=path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=path)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--repeat", type=int, default=50)
    parser.add_argument("--replays", type=int, default=10000)
    parser.add_argument("--patience", type=float, default=1,
                        help="a factor of the limits of slow steps")
    options = parser.parse_args()
    options.out = options.out or options.folder / "results"
    if options.action == "pack" and not options.bin:
        parser.error("pack expects --bin")
    return pack(options) if options.action == "pack" else \
        device_steps.Steps(options).run()


if __name__ == "__main__":
    sys.exit(main())
