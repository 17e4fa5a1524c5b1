# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What run_cases.py says of right and of wrong outputs.

run_cases_verdict.py CASES FOLDER: writes files into FOLDER."""
import array
import json
import math
import pathlib
import struct
import sys

sys.path.insert(0, sys.argv[1])
import run_cases  # noqa: E402, from the folder of the command line

ROWS, HIDDEN = 3, 4
EXPECTED = [0.5, -1.0, 2.0, 0.25] * ROWS


def write(path, tensors):
    header, blob = {}, b""
    for name, rows in tensors.items():
        data = array.array("f", rows).tobytes()
        header[name] = {"dtype": "F32",
                        "shape": [len(rows) // HIDDEN, HIDDEN],
                        "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


def verdict(output, expected):
    """What is wrong; None: nothing."""
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    base = [0.5 * value for value in expected]
    write(folder / "io.safetensors",
          {"expected": expected, "expected_base": base})
    write(folder / "out", {"output": output})
    return run_cases.judge(folder, {}, 0, "", folder / "out")[1]


def changed(values, place, value):
    return values[:place] + [value] + values[place + 1:]


assert verdict(EXPECTED, EXPECTED) is None
for place in range(ROWS * HIDDEN):
    for wrong in (math.nan, math.inf, EXPECTED[place] + 0.01):
        assert verdict(changed(EXPECTED, place, wrong), EXPECTED), wrong
    assert verdict(EXPECTED, changed(EXPECTED, place, math.nan))
assert verdict([0.0] * 12, [0.0] * 12) is None
assert verdict(changed([0.0] * 12, 7, 1e-30), [0.0] * 12)
assert "shape" in verdict(EXPECTED[:-HIDDEN], EXPECTED)
assert "rows to compare" in verdict([], [])
print("every wrong output is found")
