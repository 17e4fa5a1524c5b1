# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Takes on_device.py from its beginning to its end on a machine without a GPU:
libcuda-emulated.so is the driver, and what is in Inputs stands in for
compute-sanitizer and for a peer.

  on_device_test.py --bin BUILD/bin --driver BUILD/lib/libcuda-emulated.so

It also runs without a driver and the layers of cases, and with too little time,
which must end with results that say so.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
STEPS = ["random", "exact run", "exact", "cases", "replays", "memcheck",
         "racecheck", "synccheck", "initcheck", "grid", "other"]


def expect(right, what):
    if not right:
        sys.exit(f"expects {what}")


def pack(options, folder):
    subprocess.run(
        [sys.executable, HERE / "on_device.py", "pack", folder, "--bin",
         options.bin, "--target", "sm_80,emulated-sm_80", "--only",
         "qwen3_moe_2d", "--shapes", "small", "--tokens", "2", "--peer", "other",
         HERE / "Inputs", "python3 peer.py {json}", "--archive",
         folder.with_suffix(".tar.gz")], check=True)
    shutil.rmtree(folder)
    shutil.unpack_archive(folder.with_suffix(".tar.gz"), folder)


def run(options, folder, *words, driver=None, tools=HERE / "Inputs"):
    """Exit status, results, and the folder of the results."""
    out = folder.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    environment = dict(
        os.environ, PATH=f"{tools}:{os.environ['PATH']}", CUDA_HOME="/nowhere",
        MOELORA_CUDA_DRIVER=str(driver or options.driver),
        MOELORA_EMULATED_GPU="architecture=80,checks=off")
    done = subprocess.run(
        [sys.executable, folder / "on_device.py", "run", folder, "--out", out,
         "--replays", "5", "--repeat", "1", *words], env=environment)
    return done.returncode, json.loads((out / "results.json").read_text()), out


def check_all(options, folder):
    status, results, out = run(options, folder, "--seconds", "900",
                               "--patience", "9")
    steps = [step["name"] for step in results["steps"]]
    expect(steps == STEPS, f"the steps {STEPS}, but there are {steps}")
    expect(status == 0, "all steps to pass")
    cells = results["grid"]["cells"]
    expect(results["grid"]["complete"] and len(cells) == 4, "all four cells")
    for cell in cells:
        expect(cell["right"] and cell["peer"]["right"], "right cells")
        expect(cell["launches"] >= 4, "cells to be timed from graphs")
    expect([graph["changes"] for graph in results["replays"]["graphs"]] == [5, 5],
           "a change of adapters before each replay")
    expect(len(results["other"]["cells"]) == 2, "the cells of the peer")
    expect(results["date"] and results["commit"], "a date and a commit")
    for plot, bars in (("grid-floor.svg", 4), ("grid-peers.svg", 2)):
        text = (out / plot).read_text()
        # The background and the legend are rectangles too.
        expect(text.count("<rect") > bars, f"{bars} bars in {plot}")
    files = sorted(path.name for path in out.iterdir())
    expect(files == ["grid-floor.svg", "grid-peers.svg", "log.txt",
                     "results.json"], f"no other files, but there are {files}")


def check_failures(options, folder):
    shutil.rmtree(folder / "layers")
    status, results, out = run(options, folder, driver="/nowhere/libcuda.so",
                               tools="/nowhere")
    failed = [step["name"] for step in results["steps"] if not step["passed"]]
    expect(status == 1 and failed == STEPS[:-1],
           f"all steps but the peer to fail, but {failed} do")
    for reason in ("no CUDA device", "was not packed"):
        expect(reason in (out / "log.txt").read_text(), f"'{reason}' in the log")
    expect(results["grid"] is None, "no cells")
    status, results, _ = run(options, folder, "--seconds", "2")
    steps = [step["name"] for step in results["steps"]]
    expect(status == 1 and steps == STEPS, "all steps to have a result in time")
    expect("no time is left" in [step["status"] for step in results["steps"]],
           "steps for which no time was left")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--driver", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.bin, options.driver = options.bin.resolve(), options.driver.resolve()
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "packed"
        pack(options, folder)
        check_all(options, folder)
        check_failures(options, folder)


if __name__ == "__main__":
    main()
