#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs cases on the peer ranks of many grids and compares the outputs.

  run_grids.py --bin BUILD/bin [--only WORD,...] [--grids DPxEPxTP,...]
               [--data own,exact] [--transport mpich|openmpi]

Each case that is not refused is compiled for each grid, with tokens replicated
and, if a grid cuts experts or intermediate sizes, with tokens of their own for
all peer ranks. Peer ranks are threads of one process. The data are

  own    the case's: the output is within the bound of run_cases.py, and has the
         bits of one peer rank if the grid cuts only tokens
  exact  the case's with other projections down, so that sums over experts and
         intermediate sizes are not rounded (exact_data.py): the output has the
         bits of one peer rank for every grid

With `--transport`, the peer ranks are also processes under that MPI, with the
bits of the threads. Grids that do not fit a case are left out. `--grids` is by
default all of 1, 2, 4 and 8 peer ranks, and three for uneven experts. The last
line is `N passed, N failed`; exit status 1 if anything failed or nothing ran.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import sys
import tempfile

import grid_case
import run_cases

GRIDS = [f"{ranks // (ep * tp)}x{ep}x{tp}" for ranks in (1, 2, 4, 8)
         for ep in (1, 2, 4, 8) for tp in (1, 2, 4, 8)
         if ranks % (ep * tp) == 0] + ["1x3x1"]
OWN_TOKENS = ("--scheme=allgather", "--sequence-parallel")


def lines_of(path, args):
    """All lines of a case."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            case = grid_case.Case(path, args, pathlib.Path(scratch))
        except (grid_case.Failed, KeyError, ValueError, OSError) as error:
            name = str(path.relative_to(args.cases))
            return [grid_case.Line(name, "1x1x1", "one rank", "whole", str(error))]
        lines = []
        for grid in args.grids:
            sizes = run_cases.parse_grid(grid)
            cut = sizes["ep"] * sizes["tp"] > 1
            for scheme in ((), OWN_TOKENS) if cut else ((),):
                lines += case.lines(grid, scheme)
        return lines


def show(line):
    if line.wrong:
        print(f"WRONG {line.case} on {line.grid}, {line.scheme}, {line.what}: "
              f"{line.wrong[:600]}", flush=True)


def show_table(lines):
    counts = collections.Counter()
    for line in lines:
        result = "failed" if line.wrong else "passed"
        counts[line.grid, line.scheme, line.what, result] += 1
    shown = dict.fromkeys((l.grid, l.scheme, l.what) for l in lines
                          if l.what != "left out")
    print("grid   scheme      data            passed  left out  failed")
    for grid, scheme, what in shown:
        numbers = [counts[grid, scheme, what, result]
                   for result in ("passed", "failed")]
        unfit = counts[grid, scheme, "left out", "passed"]
        print(f"{grid:<6} {scheme:<11} {what:<15} {numbers[0]:>6}  {unfit:>8}  "
              f"{numbers[1]:>6}")


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words = lambda text: text.split(",")
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--cases", default=run_cases.HERE, type=pathlib.Path)
    parser.add_argument("--only", default=[""], type=words)
    parser.add_argument("--grids", default=GRIDS, type=words)
    parser.add_argument("--data", default=["own", "exact"], type=words)
    parser.add_argument("--transport", default=[], type=words)
    args = parser.parse_args(argv)
    args.cases, args.bin = args.cases.resolve(), args.bin.resolve()
    return args


def main():
    args = parse(sys.argv[1:])
    paths = sorted(p.parent for p in args.cases.rglob("case.json")
                   if '"expects"' not in p.read_text())
    paths = [p for p in paths if any(
        word in f"{p.relative_to(args.cases)}/" for word in args.only)]
    lines = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda path: lines_of(path, args), paths):
            lines += found
            for line in found:
                show(line)
    show_table(lines)
    unfit = [line for line in lines if line.what == "left out"]
    if unfit:
        print(f"{len(unfit)} left out: the grid does not divide the sizes, or "
              f"has more ranks along ep than there are experts")
    failed = sum(bool(line.wrong) for line in lines)
    passed = len(lines) - len(unfit) - failed
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
