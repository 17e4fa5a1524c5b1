# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What run_grids.py says of equal and of other bits.

run_grids_verdict.py CASES FOLDER BIN: writes files into FOLDER."""
import json
import pathlib
import struct
import sys

sys.path.insert(0, sys.argv[1])
import grid_case  # noqa: E402, from the folder of the command line
import run_cases  # noqa: E402
import run_grids  # noqa: E402

FOLDER = pathlib.Path(sys.argv[2])
FOLDER.mkdir(parents=True, exist_ok=True)


def write(name, values):
    data = struct.pack(f"<{len(values)}f", *values)
    text = json.dumps({"output": {
        "dtype": "F32", "shape": [2, len(values) // 2],
        "data_offsets": [0, len(data)]}}).encode()
    (FOLDER / name).write_bytes(struct.pack("<Q", len(text)) + text + data)
    return FOLDER / name


first = write("first", [0.5, 0.0, 1.0, -2.0])
assert grid_case.difference(first, write("same", [0.5, 0.0, 1.0, -2.0])) is None
assert "1 of 4" in grid_case.difference(
    first, write("bit", [0.5, 0.0, 1.0 + 2.0**-23, -2.0]))
assert "zeros" in grid_case.difference(
    first, write("sign", [0.5, -0.0, 1.0, -2.0]))

# The sums of a case are rounded in another order on two ranks.
args = run_grids.parse([f"--bin={sys.argv[3]}", "--data=own,exact"])
case = grid_case.Case(args.cases / "transformers4" / "qwen2_moe", args, FOLDER)
compiled = run_cases.compile_layer(args.bin, case.path, case.spec,
                                   FOLDER / "cut.so", "--ep=2", "--tp=2")
assert compiled[0] == 0, compiled[1]
for data in args.data:
    output = case.run(FOLDER / "cut.so", data, "cut", "loopback")
    differs = grid_case.difference(output, case.whole[data])
    assert (differs is None) == (data == "exact"), differs
print("every other bit is found")
