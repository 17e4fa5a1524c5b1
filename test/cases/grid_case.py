# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One case of run_grids.py: its layer, cut over grids and run, and what is wrong
with the outputs."""
import collections
import json
import math
import pathlib

import exact_data
import run_cases
import tensors

# So much of the output of exact data is not zero at least.
LEAST_PART = 0.1
LAUNCHERS = {
    "mpich": ("mpiexec.mpich",),
    "openmpi": ("mpiexec.openmpi", "--oversubscribe", "--allow-run-as-root")}

Line = collections.namedtuple("Line", "case grid scheme what wrong")


class Failed(Exception):
    pass


def output_of(command):
    """The tensor that a run writes."""
    path = pathlib.Path(command[0])
    status, message = run_cases.call(*command[1:])
    if status or not path.exists():
        raise Failed(f"status {status}: {message}")
    return path


def bits(path):
    return tensors.read_bytes(path, tensors.read_header(path)["output"])


def difference(path, other):
    """What differs between the bits of two outputs, or None."""
    if bits(path) == bits(other):
        return None
    a, b = (tensors.read(p)["output"] for p in (path, other))
    differing = [(i, x, y) for i, (x, y) in enumerate(zip(a.values, b.values))
                 if x != y]
    if not differing:
        return "only the signs of zeros differ"
    place, x, y = differing[0]
    row, column = divmod(place, a.shape[1])
    return (f"{len(differing)} of {len(a.values)} numbers differ, the first in "
            f"row {row}, column {column}: {x:.9g} and {y:.9g}")


def size_of(sizes):
    return math.prod(sizes.values())


class Case:
    """A case, its layer on one peer rank, and the outputs of it."""

    def __init__(self, path, args, scratch):
        self.path, self.args, self.scratch = path, args, scratch
        self.name = str(path.relative_to(args.cases))
        self.spec = json.loads((path / "case.json").read_text())
        self.folders, self.whole = {"own": path}, {}
        layer = scratch / "whole.so"
        status, message = run_cases.compile_layer(args.bin, path, self.spec,
                                                  layer)
        if status:
            raise Failed(message)
        for data in args.data:
            if data == "exact":
                self.make_exact(layer)
            else:
                self.whole[data] = self.run(layer, data, "whole")

    def run(self, layer, data, name, collectives=None, launcher=(),
            io="io.safetensors"):
        output = self.scratch / f"{name}.{data}"
        folder = self.folders[data]
        return output_of([output, *launcher, *run_cases.run_command(
            self.args.bin, self.spec, layer, output, folder, folder / io),
            *([f"--collectives={collectives}"] if collectives else [])])

    def make_exact(self, layer):
        """Writes exact data, whose output must not be trivial."""
        self.folders["exact"] = folder = self.scratch / "exact"
        exact_data.write(self.path, self.spec, folder)
        self.whole["exact"] = self.run(layer, "exact", "whole")
        values = tensors.read(self.whole["exact"])["output"].values
        if sum(v != 0 for v in values) < LEAST_PART * len(values):
            raise Failed("the output of exact data is nearly all zeros")
        base = self.run(layer, "exact", "base", io="base.safetensors")
        if self.spec["adapters"] and not difference(base, self.whole["exact"]):
            raise Failed("no adapter changes the output of exact data")

    def within_bound(self, output):
        ratio = run_cases.worst_ratio(self.path, output)
        return None if ratio <= 1 else f"error {ratio:.3g} x the limit"

    def compare(self, data, grid, output):
        """What is wrong with the output of a grid, or None."""
        equal = data == "exact" or grid["ep"] * grid["tp"] == 1
        wrong = difference(output, self.whole[data]) if equal else None
        return wrong or (self.within_bound(output) if data == "own" else None)

    def lines(self, grid, scheme):
        """What was compared for a grid; None: the grid does not fit."""
        sizes = run_cases.parse_grid(grid)
        name = "allgather" if scheme else "replicated"
        label = f"{grid}.{name}"
        layer = self.scratch / f"{label}.so"
        status, message = run_cases.compile_layer(
            self.args.bin, self.path, self.spec, layer,
            *run_cases.grid_options(sizes), *scheme)
        if status and any(text in message for text in run_cases.UNFIT):
            return [Line(self.name, grid, name, "left out", None)]
        if status:
            return [Line(self.name, grid, name, "compiled", message)]
        return [self.line(data, grid, name, layer, transport)
                for data in self.args.data
                for transport in ("loopback", *self.args.transport)]

    def line(self, data, grid, scheme, layer, transport):
        sizes = run_cases.parse_grid(grid)
        label = f"{grid}.{scheme}"
        what = data if transport == "loopback" else f"{data} {transport}"
        try:
            # One peer rank has the whole layer and needs no transport.
            collectives = transport if size_of(sizes) > 1 else None
            if transport == "loopback":
                output = self.run(layer, data, label, collectives)
                wrong = self.compare(data, sizes, output)
            else:
                output = self.run(
                    layer, data, f"{label}.{transport}", collectives,
                    (*LAUNCHERS[transport], "-n", str(size_of(sizes))))
                wrong = difference(output, self.scratch / f"{label}.{data}")
        except (Failed, KeyError, ValueError, OSError) as error:
            wrong = str(error)
        return Line(self.name, grid, scheme, what, wrong)
