#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cuts the layer of each family over the ranks of grids, and compares what all
ranks compute with the whole layer, before and after fusion; with --compiled also
in code for this machine, as threads.

  shard_families.py CASES GRID... [--compiled] [--bin BUILD/bin]

A grid has the options of moelora-shard: "ep=3 tp=2 scheme=allgather".
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile


def call(tool, *arguments, output=None):
    command = [str(options.bin / tool) if options.bin else tool, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    if output:
        output.write_text(done.stdout)


def check(config, folder):
    whole, part, fused = (folder / f"{name}.mlir"
                          for name in ("whole", "part", "fused"))
    call("moelora-translate", "--import-config", str(config), "--slots=3",
         "--max-rank=8", output=whole)
    for grid in options.grid:
        call("moelora-opt", str(whole), f"--moelora-shard={grid}", "-o",
             str(part))
        call("moelora-opt", str(part), "--moelora-fuse-lora",
             "--moelora-fuse-epilogue", "-o", str(fused))
        for layer in part, fused:
            call("moelora-interpret", str(layer), f"--compare={whole}")
        if options.compiled:
            call("moelora-check-ranks", str(part), f"--whole={whole}")


def main():
    configs = sorted(options.cases.glob("*/model/config.json"))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for config in configs:
            try:
                check(config, pathlib.Path(folder))
            except RuntimeError as error:
                wrong += 1
                print(f"{config.parent.parent.name}: {error}")
    print(f"{len(configs) - wrong} of {len(configs)} families agree")
    return 1 if wrong or not configs else 0


parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
parser.add_argument("cases", type=pathlib.Path)
parser.add_argument("grid", nargs="+")
parser.add_argument("--compiled", action="store_true")
parser.add_argument("--bin", type=pathlib.Path)
options = parser.parse_args()
sys.exit(main())
