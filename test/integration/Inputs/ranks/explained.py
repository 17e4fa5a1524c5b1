# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""explained.py WHOLE RANKS: what two ranks of tensor parallelism say of themselves
(moelora-run --explain-sharding --json), compared with the whole layer."""
import json
import pathlib
import sys

H, E, I, S, BYTES, TOKENS = 64, 8, 32, 40, 2, 7


def read(path):
    return json.loads(pathlib.Path(path).read_text())


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"expects {what} to be {wanted}, but it is {found}")


whole, ranks = read(sys.argv[1]), read(sys.argv[2])
alone = whole["rank_0"]
cut = 3 * H * (E * I + S) * BYTES  # of gate, up and down
down = cut // 3
for tp in range(2):
    rank = ranks[f"rank_{tp}"]
    expect("tp", rank["tp"], tp)
    expect("tokens", rank["tokens"], TOKENS)
    expect("experts", rank["experts"], "0-7")
    expect("columns", rank["columns"], f"{16 * tp}-{16 * tp + 15} of 32")
    expect("shared columns", rank["shared_columns"],
           f"{20 * tp}-{20 * tp + 19} of 40")
    expect("the weights", rank["weights_bytes"],
           alone["weights_bytes"] - cut // 2)
    expect("what is read", rank["weights_read_bytes"],
           alone["weights_read_bytes"] - (cut - down) // 2)
    if not rank["slot_table_bytes"] < alone["slot_table_bytes"]:
        sys.exit("expects a part of the adapters in each slot table")
    expect("the digest of the slot table", rank["slot_table_digest"],
           alone["slot_table_digest"])
    expect("messages", rank["messages"], 2)
# Each row of f32 sums goes from one rank to the other, and back.
expect("what is sent", ranks["sent_bytes_per_token"], 2 * H * 4)
expect("what a whole layer sends", whole["sent_bytes_per_token"], 0)
