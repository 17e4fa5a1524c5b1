#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cuts the layer of each family over the ranks of a grid, and compares what all
ranks compute with the whole layer, before and after fusion.

  shard_families.py CASES TP
"""
import pathlib
import subprocess
import sys
import tempfile


def call(*command, output=None):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    if output:
        output.write_text(done.stdout)


def check(config, tp, folder):
    whole, part, fused = (folder / f"{name}.mlir"
                          for name in ("whole", "part", "fused"))
    call("moelora-translate", "--import-config", str(config), "--slots=3",
         "--max-rank=8", output=whole)
    call("moelora-opt", str(whole), f"--moelora-shard=tp={tp}", "-o", str(part))
    call("moelora-opt", str(part), "--moelora-fuse-lora",
         "--moelora-fuse-epilogue", "-o", str(fused))
    for layer in part, fused:
        call("moelora-interpret", str(layer), f"--compare={whole}")


def main():
    cases, tp = pathlib.Path(sys.argv[1]), sys.argv[2]
    configs = sorted(cases.glob("*/model/config.json"))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for config in configs:
            try:
                check(config, tp, pathlib.Path(folder))
            except RuntimeError as error:
                wrong += 1
                print(f"{config.parent.parent.name}: {error}")
    print(f"{len(configs) - wrong} of {len(configs)} families agree")
    return 1 if wrong or not configs else 0


sys.exit(main())
