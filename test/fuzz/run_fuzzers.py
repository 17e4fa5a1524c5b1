#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every fuzzer for some time. What one finds stays beside its corpus, and
the command that shows it again is printed. The last line is
`N passed, N failed`.

run_fuzzers.py [--build build-fuzz] [--seconds 60] [--jobs 2] [FUZZER ...]
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

import seeds

# A file of a few kilobytes is read in less, sanitizers included.
SECONDS_PER_INPUT, MEGABYTES = 10, 2048


def run(name, build, seconds):
    """What a fuzzer says, and whether all inputs were treated well."""
    home = build / "fuzz"
    corpus, found = home / "corpus" / name, home / "found" / name
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    program = build / "bin" / f"moelora-fuzz-{name}"
    done = subprocess.run(
        [program, f"-max_total_time={seconds}", f"-artifact_prefix={found}/",
         f"-dict={home / 'seeds' / name}.dict", f"-timeout={SECONDS_PER_INPUT}",
         f"-rss_limit_mb={MEGABYTES}", "-max_len=65536",
         "-print_final_stats=1", "-verbosity=1", "-seed=1", corpus,
         home / "seeds" / name],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="replace")
    runs = re.search(r"executed_units: (\d+)", text)
    good = done.returncode == 0 and runs and int(runs.group(1)) > 0
    if good:
        return True, f"{name}: {runs.group(1)} inputs, all treated well"
    shown = re.search(r"Test unit written to (\S+)", text)
    again = f"{program} {shown.group(1)}" if shown else program
    return False, f"{name}: {text[-6000:]}\n{name} fails; again: {again}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default="build-fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("fuzzers", nargs="*")
    options = parser.parse_args()
    names = seeds.write(options.build / "fuzz" / "seeds")
    names = options.fuzzers or names
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(
            lambda name: run(name, options.build, options.seconds), names))
    for _, text in results:
        print(text)
    good = sum(right for right, _ in results)
    print(f"{good} passed, {len(results) - good} failed")
    sys.exit(good != len(results))


main()
