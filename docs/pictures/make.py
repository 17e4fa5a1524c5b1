#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the pictures of the documentation beside this script. Run it after
changing a diagram or adding a benchmark: test/hygiene/pictures.py checks that
the committed files are up to date."""
import pathlib

import diagrams
import grid
import plots

PICTURES = {
    "levels": diagrams.levels,
    "token": diagrams.token,
    "slot": diagrams.slot,
    "cpu-ratio": plots.cpu_ratio,
    "cpu-floor": plots.cpu_floor,
    "loading": plots.loading,
    "gpu-share": plots.gpu_share,
}
# Of runs of test/gpu/on_device.py, if there are any.
if plots.has("grid"):
    PICTURES["grid-floor"] = lambda: grid.floor(plots.newest("grid"))
    PICTURES["grid-peers"] = lambda: grid.peers(plots.newest("grid"))


def texts():
    """The text of each picture by the name of its file."""
    return {f"{name}.svg": str(draw()) for name, draw in PICTURES.items()}


if __name__ == "__main__":
    for name, text in texts().items():
        pathlib.Path(__file__).with_name(name).write_text(text)
