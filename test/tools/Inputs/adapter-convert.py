# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adapter-convert.py FOLDER CASES: converts adapters there and back, and looks
into the files with eyes of its own."""
import json
import struct
import subprocess
import sys


def run(*arguments, status=0):
    done = subprocess.run(["moelora-adapter", *arguments], text=True,
                          capture_output=True)
    assert done.returncode == status, (arguments, done.stdout, done.stderr)
    return done.stdout


def tensors(folder):
    """name -> (dtype, shape, bytes)"""
    with open(f"{folder}/adapter_model.safetensors", "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    return {name: (t["dtype"], t["shape"], data[slice(*t["data_offsets"])])
            for name, t in header.items() if name != "__metadata__"}


def rows(tensor):
    """A matrix as rows of elements' bytes."""
    dtype, (height, width), data = tensor
    size = {"F32": 4}.get(dtype, 2)
    cells = [data[i:i + size] for i in range(0, len(data), size)]
    return [cells[i * width:(i + 1) * width] for i in range(height)]


def convert(source, model, form):
    result = f"{out}/{len(made)}"
    made.append(result)
    run("convert", source, result, f"--model={model}", f"--to={form}")
    return result


def there_and_back(case, adapter, first, second):
    model, source = f"{case}/model", f"{case}/adapters/{adapter}"
    middle = convert(source, model, first)
    back = convert(middle, model, second)
    assert run("diff", source, back, f"--model={model}").startswith("equal: ")
    return source, middle, back


out, cases = sys.argv[1:]
made = []
T4, T5 = f"{cases}/transformers4", f"{cases}/transformers5"

# Gate and up have their own A: twice the rank in the middle. All that is there
# before is there again, bit by bit.
for case, adapter in ((f"{T5}/qwen3_moe_2d", "two_d"),
                      (f"{T5}/mixtral_2d", "w123"),
                      (f"{T4}/qwen2_moe_routed_too", "alice"),
                      (f"{T4}/qwen3_moe", "carol")):
    for form in ("packed-natural", "packed-transposed"):
        source, middle, back = there_and_back(case, adapter, form, "per-expert")
        before, after = tensors(source), tensors(back)
        assert sorted(t for t in before.values()) == \
            sorted(t for t in after.values()), (case, form)
        others = {name for name in before if ".experts." not in name}
        for name in others:
            assert before[name] == tensors(middle)[name] == after[name], name

# Packed ones, both ways, all experts in one: interleaved (gpt_oss), without a
# gate (nemotron_h), with zero experts (longcat_flash), with modules of one
# parameter (granitemoe), with two ranks (bob).
for case, adapter in ((f"{T4}/qwen3_moe_p17", "bob"),
                      (f"{T4}/gpt_oss_p191", "bob"),
                      (f"{T4}/llama4_p191", "carol"),
                      (f"{T4}/granitemoe_p17", "bob"),
                      (f"{T5}/nemotron_h", "b"),
                      (f"{T5}/longcat_flash", "a")):
    for first in ("per-expert", "packed-natural", "packed-transposed"):
        for second in ("packed-natural", "packed-transposed"):
            there_and_back(case, adapter, first, second)

# The positions of the values by definition: A's row is expert * r + j, and B's
# column is j * E + expert.
source, packed, _ = there_and_back(f"{T4}/qwen3_moe_p17", "alice",
                                   "packed-natural", "per-expert")
single = convert(source, f"{T4}/qwen3_moe_p17/model", "per-expert")
turned = convert(source, f"{T4}/qwen3_moe_p17/model", "packed-transposed")


def matrix(folder, module, side):
    found = [t for name, t in tensors(folder).items()
             if name.endswith(f".0.mlp.{module}.lora_{side}.weight")]
    assert len(found) == 1, (folder, module, side)
    return rows(found[0])


experts = 8
a = matrix(packed, "experts", "A")
b = matrix(packed, "experts", "B")
turned_a = matrix(turned, "experts", "A")
turned_b = matrix(turned, "experts", "B")
rank = len(a) // experts
assert rank == 4
for e in range(experts):
    one_a = matrix(single, f"experts.{e}.down_proj", "A")
    one_b = matrix(single, f"experts.{e}.down_proj", "B")
    for j in range(rank):
        row, column = e * rank + j, j * experts + e
        assert a[row] == one_a[j]
        assert [line[column] for line in b] == [line[j] for line in one_b]
        assert turned_a[row] == [line[j] for line in one_b]
        assert [line[column] for line in turned_b] == one_a[j]
print(f"{len(made)} conversions keep what they convert")
