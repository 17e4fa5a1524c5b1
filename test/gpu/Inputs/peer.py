# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A peer that measures nothing, to test what becomes of a peer's results."""
import json
import sys

cells = [{"shape": "small", "tokens": 2, "adapters": len(ranks), "ranks": ranks,
          "graph": {"us": 1e6}} for ranks in ([], [16] * 8)]
with open(sys.argv[1], "w") as file:
    json.dump({"cells": cells}, file)
print("2 cells")
