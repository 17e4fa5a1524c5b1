#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what the launches of a layer do on the emulator with what they should.

  launches.py --bin BUILD/bin [--shape NAME] [--tokens N,...]

The number of mma that adapters add to an expert GEMM is exactly one for each 16
features, page of 16 ranks, group of 8 rows of an expert, and adapter of the
group, and in gate_up one for each 16 features of its output if it also computes
the shrink of down. The bytes of all sectors that a launch reads and writes, each
counted once, are within 10 % of what lib/cost expects. With adapters of the
ranks 8, 16, 32 and 64, the bytes that adapters add are within 5 % of those of
ranks rounded up to 16. The last line is `N passed, N failed`; exit status 1 if
anything failed or nothing ran.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

PAGE, MMA_ROWS, BF16 = 16, 16, 2


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def near(self, what, found, expected, share):
        right = abs(found - expected) <= share * expected
        self.passed += right
        self.failed += not right
        if not right:
            print(f"{what}: expects {expected:.0f} within {share:.0%}, but it "
                  f"is {found:.0f}")


def run(options, *arguments):
    """The batches of a run, by tokens and adapters."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([f"{options.bin}/moelora-bench", "gpu", "--static",
                        "--launches", "--architectures=80",
                        f"--shapes={options.shape}", f"--json={file.name}",
                        f"--tokens={options.tokens}", *arguments], check=True)
        batches = json.load(file)["batches"]
    return {(b["tokens"], b["adapters"]): b for b in batches}


def stages(batch):
    """The launches by stage; that of down's shrink is shrink_2."""
    found = {}
    for launch in batch["launches"]:
        name = launch["kernel"]
        name = name.replace("_planning", "")
        stage = name if name.startswith("shrink") else name.rstrip("0123456789_")
        found[stage] = launch
    return found


def added_mmas(batch, launch, features, shrinks):
    """How many an expert GEMM should add. Its last tile is computed whole, and
    the shrink of its rows only where they have features."""
    tile = launch["tile"]["features"]
    blocks = -(-features // tile) * tile // MMA_ROWS
    if shrinks:
        blocks += -(-batch["intermediate"] // MMA_ROWS)
    return batch["pages_of_groups"] * blocks


def check_batch(checks, batch, base):
    own, without = stages(batch), stages(base)
    name = f"{batch['shape']}, {batch['tokens']} tokens, {batch['ranks']}"
    # gate_up has two slices, and the activation turns them into one.
    shrinks = sum(stage.startswith("shrink") for stage in own) == 1
    for stage, features, more in (
            ("gate_up", 2 * batch["intermediate"], shrinks),
            ("down", batch["hidden"], False)):
        checks.near(f"{name}: mma that adapters add to {stage}",
                    own[stage]["mmas"] - without[stage]["mmas"],
                    added_mmas(batch, own[stage], features, more), 0)


def check_bytes(checks, batch):
    for stage, launch in stages(batch).items():
        # A layer that could have adapters has segments without them, too.
        if "model" in launch and (stage != "plan" or batch["adapters"]):
            checks.near(f"{batch['shape']}, {batch['tokens']} tokens, "
                        f"{batch['ranks']}: bytes of {stage}",
                        launch["touched_bytes"],
                        launch["model"]["touched_bytes"], 0.1)


def touched(batch):
    return sum(launch["touched_bytes"] for stage, launch in stages(batch).items()
               if stage not in ("plan", "resolve"))


def check_mixed(checks, batch, base):
    """x and a are read once more for A, and each u is written and read."""
    hidden, width = batch["hidden"], batch["intermediate"]
    pages = BF16 * PAGE * 3 * (hidden + width) * batch["pages_of_segments"]
    rows = BF16 * (batch["tokens"] * hidden + batch["rows"] * width)
    u = 2 * BF16 * PAGE * 3 * batch["pages_of_rows"]
    checks.near(f"{batch['shape']}, {batch['tokens']} tokens, {batch['ranks']}: "
                "bytes that adapters add",
                touched(batch) - touched(base), pages + rows + u, 0.05)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--shape", default="A/4")
    parser.add_argument("--tokens", default="16,256")
    options = parser.parse_args()
    checks = Checks()
    equal = run(options, "--adapters=0,1,8", "--rank=16")
    mixed = run(options, "--adapters=0,8", "--rank=64", "--mixed")
    for batches in (equal, mixed):
        for (tokens, adapters), batch in batches.items():
            if adapters:
                check_batch(checks, batch, batches[tokens, 0])
    for batch in equal.values():
        check_bytes(checks, batch)
    for (tokens, adapters), batch in mixed.items():
        if adapters:
            check_mixed(checks, batch, mixed[tokens, 0])
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    sys.exit(main())
