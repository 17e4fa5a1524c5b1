#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles layers of published models to PTX and assembles it with ptxas.

  assemble.py --bin BUILD/bin [--target sm_80,sm_90] [--table] [CONFIG]...

Each kernel must need no stack and spill no register, ptxas must not warn
(C75xx: it has serialised instructions), and a thread block must get its
registers. A CONFIG is a config.json; without one, all of test/gpu/configs are
compiled. `--table` prints a line for each layer: the time to PTX and to the
cubin in seconds, and the largest numbers of registers. The last line is
`N passed, N failed`; exit status 1 if anything failed or nothing ran, 77 if
there is no ptxas.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TARGETS = "sm_80,sm_86,sm_89,sm_90,sm_120"
REGISTERS = 65536  # of a multiprocessor


def find_ptxas():
    home = os.environ.get("CUDA_HOME", "/usr/local/cuda")
    return shutil.which("ptxas") or shutil.which(f"{home}/bin/ptxas")


def call(*command):
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    return done, time.monotonic() - start


def kernels(ptx):
    """The threads of each kernel, by name."""
    found = {}
    for text in ptx.split(".entry ")[1:]:
        name = re.match(r"\w+", text).group()
        found[name] = int(re.search(r"\.maxntid (\d+)", text).group(1))
    return found


def faults(report, threads):
    """What is wrong with the kernels, and their registers by name."""
    wrong, registers, name = [], {}, None
    for line in report.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            name = match.group(1)
        if match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill "
                              r"stores, (\d+) bytes spill loads", line):
            if any(int(n) for n in match.groups()):
                wrong.append(f"{name}: {line.strip()}")
        if match := re.search(r"Used (\d+) registers", line):
            registers[name] = int(match.group(1))
        if re.search(r"C75\d\d|warning", line):
            wrong.append(line.strip())
    for name, count in registers.items():
        # A warp gets registers in units of 8 for each thread.
        if (count + 7) // 8 * 8 * threads[name] > REGISTERS:
            wrong.append(f"{name}: {count} registers in {threads[name]} threads")
    if set(registers) != set(threads):
        wrong.append("ptxas has not reported every kernel")
    return wrong, registers


def check(binaries, ptxas, config, target, folder):
    """The faults of one layer, and a row of the table."""
    ptx = pathlib.Path(folder, "layer.ptx")
    done, ptx_time = call(f"{binaries}/moelora-compile", str(config),
                          f"--target={target}", "--emit=ptx", "-o", str(ptx))
    if done.returncode:
        return [done.stderr.strip()], None
    done, cubin_time = call(ptxas, "-v", f"-arch={target}", str(ptx), "-o",
                            os.devnull)
    if done.returncode:
        return [done.stderr.strip()[:500]], None
    threads = kernels(ptx.read_text())
    wrong, registers = faults(done.stdout + done.stderr, threads)
    most = sorted(registers, key=registers.get)[-1]
    row = (f"| {config.stem} | {target} | {len(threads)} | {ptx_time:.2f} | "
           f"{cubin_time:.2f} | {registers[most]} ({most}) |")
    return wrong, row


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--target", default=TARGETS)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("configs", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    ptxas = find_ptxas()
    if not ptxas:
        print("no ptxas: set CUDA_HOME or PATH")
        return 77
    configs = options.configs or sorted(HERE.glob("configs/*.json"))
    passed = failed = 0
    if options.table:
        print("| layer | target | kernels | PTX s | ptxas s | registers |\n"
              "| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for config in configs:
            for target in options.target.split(","):
                wrong, row = check(options.bin, ptxas, config, target, folder)
                if options.table and row:
                    print(row, flush=True)
                for fault in wrong:
                    print(f"{config.stem} {target}: {fault}", flush=True)
                passed += not wrong
                failed += bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
