#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles and runs cases made by transformers + PEFT and compares outputs.

  run_cases.py --bin BUILD/bin [--device cpu,reference] [--only WORD] [--table]
               [--grid=DPxEPxTP] [--compile=OPTION]... [--run=OPTION]...

A case is a folder with a case.json. It must come out right on each device; a
case whose case.json says what it `expects` instead must be refused: exit status
1, a message that names the reason, and no output file. `--table` shows the
cases that run as a table and leaves the refused ones out. `--compile` and
`--run` are for options of moelora-compile and moelora-run, for example
`--device emulator --compile=--target=emulated-sm_80`. `--grid` cuts each layer
over so many peer ranks, which are threads of one process; cases whose sizes a
grid does not divide are left out. The last line is `N passed, N failed`; exit
status 1 if anything failed or nothing ran.
"""
import argparse
import collections
import concurrent.futures
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import tensors

# How moelora-compile refuses a grid that does not fit.
UNFIT = ("expects a grid that divides its arguments",
         "expects an expert for each rank of ep")

HERE = pathlib.Path(__file__).resolve().parent
# A layer takes milliseconds; a build with sanitizers on a busy machine longer.
TIMEOUT_S = 300
# One unit in the last place of the output's type. Where the output is f32 or
# f64, the f32 arithmetic of the libraries' routers is what differs.
UNIT = {"BF16": 2.0**-8, "F16": 2.0**-11, "F32": 2.0**-20, "F64": 2.0**-20}
# Limits in that unit. `row`: |o - e| over |base| + |delta|, as norms of a row.
# `element`: the largest |o - e| over the same sum, as root mean squares; a
# single wrong column cannot hide in a norm.
ROW_LIMIT, ELEMENT_LIMIT = 2.0, 8.0

# expects -> words of which the message must have one.
REASONS = {
    "ambiguous layout": ("ambiguous", "--adapter-layout"),
    "duplicate key": ("duplicate", "twice"),
    "dtype": ("dtype", "type"),
    "expert out of range": ("expert",),
    "incomplete pair": ("lora_a", "lora_b", "pair"),
    "lora_bias": ("lora_bias", "bias"),
    "nothing binds": ("bind", "nothing"),
    "pickle": ("safe_serialization",), "shape": ("shape",),
    "offsets": ("offset", "overlap", "past the end", "bytes"),
    "target_parameters": ("target_parameters", "bias"),
    "truncated": ("truncated", "short", "past the end", "bytes"),
    "unknown tensor": ("unknown", "unexpected", "does not know"),
}

Result = collections.namedtuple(
    "Result", "case device tokens adapters ratio verdict passed")


def call(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT_S,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, (done.stderr.strip() or done.stdout.strip())


def norm(values):
    return math.sqrt(math.fsum(v * v for v in values))


def worst_ratio(case, output):
    """The worst error over its limit; above 1, or not a number, is wrong."""
    want = tensors.read(case / "io.safetensors")
    got = tensors.read(output)["output"]
    expected, base = want["expected"], want["expected_base"]
    if got.shape != expected.shape:
        raise ValueError(f"expects output and expected to agree on the shape, "
                         f"but they have {got.shape} and {expected.shape}")
    hidden, worst = expected.shape[1], 0.0
    if not expected.values:
        raise ValueError("expects rows to compare, but there are none")
    for t in range(expected.shape[0]):
        row = slice(t * hidden, (t + 1) * hidden)
        o, e, b = got.values[row], expected.values[row], base.values[row]
        error = [x - y for x, y in zip(o, e)]
        scale = norm(b) + norm([x - y for x, y in zip(e, b)])
        if scale == 0.0:
            worst = worst if norm(error) == 0.0 else math.inf
            continue
        unit = UNIT[got.dtype] * scale
        ratio = max(norm(error) / (ROW_LIMIT * unit),
                    max(map(abs, error)) * math.sqrt(hidden)
                    / (ELEMENT_LIMIT * unit))
        if ratio != ratio:  # NaN, which max() would drop
            return ratio
        worst = max(worst, ratio)
    return worst


def compile_layer(tools, case, spec, target, *more):
    """(exit status, message)"""
    rank = spec.get("options", {}).get("max_rank")
    ranks = [f"--max-rank={rank}"] if rank else []
    return call(tools / "moelora-compile", case / "model",
                f"--layer={spec['layer']}", *ranks, *more, "-o", target)


def run_command(tools, spec, compiled, output, folder, io):
    """The command that runs a layer with the model and adapters of a folder."""
    options = spec.get("options", {})
    adapters = [f"--adapter={name}={folder / 'adapters' / name}"
                for name in spec["adapters"]]
    layouts = [f"--adapter-{what}={name}={value}"
               for what in ("layout", "columns")
               for name, value in options.get(what, {}).items()]
    return [tools / "moelora-run", compiled, f"--model={folder / 'model'}",
            *adapters, *layouts, *([f"--io={io}"] if io.exists() else []),
            f"--out={output}"]


def grid_options(grid):
    return [f"--{axis}={size}" for axis, size in grid.items() if size > 1]


def run_on(case, spec, device, args):
    """(exit status, message, path of the output or None) of both tools."""
    compiled, output = args.scratch / "layer.so", args.scratch / "out"
    grid = grid_options(args.grid)
    status, message = compile_layer(args.bin, case, spec, compiled, *grid,
                                    *args.compile)
    if status:
        return status, message, None
    ranks = ["--collectives=loopback"] * (bool(grid) and device != "reference")
    status, message = call(
        *run_command(args.bin, spec, compiled, output, case,
                     case / "io.safetensors"),
        f"--device={device}", *ranks, *args.run)
    return status, message, output if output.exists() else None


def refused(spec, status, message, output):
    reason = spec["expects"].partition("error:")[2].strip()
    words = REASONS.get(reason, (reason,))
    named = any(word in message.lower() for word in words)
    if status == 1 and named and output is None:
        return None
    return f"expects a refusal that names {' or '.join(words)}, but status " \
           f"is {status}, output {'written' if output else 'absent'}: {message}"


def judge(case, spec, status, message, output):
    """(ratio, what is wrong or None)"""
    if status and any(text in message for text in UNFIT):
        return None, UNFIT
    if "expects" in spec:
        return None, refused(spec, status, message, output)
    if status or output is None:
        return None, f"status {status}: {message}"
    try:
        ratio = worst_ratio(case, output)
    except (KeyError, ValueError, OSError) as error:
        return None, f"cannot compare: {error}"
    return ratio, None if ratio <= 1 else f"error {ratio:.3g} x the limit"


def run_case(case, device, args):
    spec = json.loads((case / "case.json").read_text())
    with tempfile.TemporaryDirectory() as scratch:
        here = argparse.Namespace(**vars(args), scratch=pathlib.Path(scratch))
        ratio, wrong = judge(case, spec, *run_on(case, spec, device, here))
    io, tokens = case / "io.safetensors", "-"
    if io.exists():
        tokens = tensors.read_header(io)["slots"]["shape"][0]
    right = "refused" if "expects" in spec else "right"
    if wrong == UNFIT:
        return None
    return Result(str(case.relative_to(args.cases)), device, tokens,
                  len(spec["adapters"]), ratio, wrong or right, wrong is None)


def show(results, table):
    if table:
        print(f"{'case':<40} tokens adapters  error/limit  verdict")
    for r in results:
        ratio = "-" if r.ratio is None else f"{r.ratio:.3f}"
        if table:
            print(f"{r.case:<40} {r.tokens:>6} {r.adapters:>8}  {ratio:>11}  "
                  f"{r.verdict[:300]}")
        else:
            print(f"{'ok   ' if r.passed else 'WRONG'} {r.case} on {r.device}:"
                  f" {ratio} {r.verdict[:600]}")


def parse_grid(text):
    sizes = [int(size) for size in text.split("x")]
    if len(sizes) != 3 or min(sizes) < 1:
        raise argparse.ArgumentTypeError("expects DPxEPxTP, for example 1x2x4")
    return dict(zip(("dp", "ep", "tp"), sizes))


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    parser.add_argument("--cases", default=HERE, type=pathlib.Path)
    parser.add_argument("--device", default="cpu,reference")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--grid", default={}, type=parse_grid)
    parser.add_argument("--compile", action="append", default=[])
    parser.add_argument("--run", action="append", default=[])
    args = parser.parse_args(argv)
    args.cases, args.bin = args.cases.resolve(), args.bin.resolve()
    return args


def main():
    args = parse(sys.argv[1:])
    cases = sorted(p.parent for p in args.cases.rglob("case.json"))
    cases = [c for c in cases if args.only in str(c.relative_to(args.cases))]
    if args.table:
        cases = [c for c in cases if '"expects"' not in
                 (c / "case.json").read_text()]
    jobs = [(c, d) for c in cases for d in args.device.split(",")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda job: run_case(*job, args), jobs))
    unfit, results = results.count(None), [r for r in results if r]
    show(results, args.table)
    if unfit:
        print(f"{unfit} left out, whose sizes the grid does not divide")
    passed = sum(r.passed for r in results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
