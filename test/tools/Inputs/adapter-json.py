# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adapter-json.py CASES: reads what moelora-adapter writes with --json."""
import json
import subprocess
import sys


def run(status, *arguments):
    done = subprocess.run(["moelora-adapter", *arguments, "--json"],
                          capture_output=True, text=True)
    assert done.returncode == status, (done.returncode, done.stderr)
    return json.loads(done.stdout)["adapters"]


def expect(found, **facts):
    for key, value in facts.items():
        assert found[key] == value, f"{key} is {found[key]}, not {value}"


cases = sys.argv[1]
packed = f"{cases}/transformers4/qwen3_moe_p17"
blind = f"{cases}/transformers4/no_ambiguous_down/adapters/alice"
folder = f"{packed}/adapters/bob"

bob, alice = run(1, "check", f"--model={packed}/model", folder, blind)
expect(bob, adapter="bob", folder=folder, tensors=4, bound=4, max_rank=3,
       stored_as=["BF16"], served_as="BF16", layout="transposed", moe_layers=1,
       elsewhere=[])
assert "fit no other" in bob["why"]
expect(bob["projections"]["gate"], layers=1, pairs=[8, 8], experts=8,
       rank=[3, 3])
expect(bob["projections"]["down"], rank=[2, 2])
assert abs(bob["projections"]["down"]["scale"][0] - 7 / 2**0.5) < 1e-12
expect(bob["layers"][0], layer=0, experts=8, packed=True,
       pairs={"gate": 8, "up": 8, "down": 8})
assert set(alice) == {"adapter", "folder", "error"}, alice

bob, = run(0, "inspect", f"mine={folder}")
expect(bob, adapter="mine", folder=folder, tensors=4, forms=["packed"])
expect(bob["config"], rank=3, alpha=5, rank_stabilized=True, rank_patterns=1,
       alpha_patterns=1, target_parameters=2, peft_version="0.18.0")
expect(bob["groups"][0], dtype="BF16", shape="(24, 48)", tensors=1)
print("the documents are as described")
