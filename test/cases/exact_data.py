# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Copies a case with other numbers in the projections down, so that no sum over
experts and intermediate sizes is rounded.

Each output column belongs to one source: the weight of down of the routed
experts, its adapters, its bias, or one of these of the shared expert. In the
column, only one expert has a nonzero number, and it reads only one intermediate
column. The sum for a token has at most one nonzero term then, so its bits do
not depend on the order of the sum or on how it is cut. The term has the
activation, the router's weight and all scales as factors. All other tensors
are those of the case, except that hidden states are zero in these columns where
a layer has identity experts, which add the hidden states to the output.
"""
import json
import re
import struct

import tensors
from exact_columns import (BIAS, EXPERT, PAIR, Columns, Zeros, fill_bias,
                           fill_pair, fill_shared_outer, fill_weight, is_down,
                           is_shared)


def weights(path, columns, experts):
    """What replaces tensors of a file of the model."""
    changed = {}
    for name, entry in tensors.read_header(path).items():
        if is_down(name) and entry["dtype"] in ("BF16", "F16", "F32"):
            changed[name] = Zeros(entry)
            fill = fill_bias if BIAS.search(name) else fill_weight
            fill(changed[name], name, columns, experts)
    return changed


def is_swapped(name, a, b, columns, inner_sizes):
    """Whether B is the inner factor of a pair of down; None: no such pair."""
    width = columns.shared_width if is_shared(name) else columns.routed_width
    natural = b[0] == width and a[1] in inner_sizes
    if is_down(name) and EXPERT.search(name) or is_shared(name):
        return False if is_down(name) else None
    if natural and (is_down(name) or not EXPERT.search(name)):
        return False
    # Up of a layer without gate has these sizes, too.
    swapped = a[1] == width and b[0] in inner_sizes and columns.gated
    return True if swapped else None


def adapters(path, columns, experts, inner_sizes):
    """What replaces tensors of a file of an adapter."""
    entries, changed = tensors.read_header(path), {}
    for name, entry in entries.items():
        pair = PAIR.search(name)
        if not pair or "expert" not in name and not is_down(name):
            continue
        if len(entry["shape"]) == 3 and is_down(name):
            changed.update(fill_shared_outer(name, entries, columns))
        partner = name[:pair.start(1)] + "B" + name[pair.end(1):]
        if pair[1] == "B" or name in changed or partner not in entries:
            continue
        swapped = is_swapped(name, entry["shape"], entries[partner]["shape"],
                             columns, inner_sizes)
        if len(entry["shape"]) == 2 and swapped is not None:
            changed[name], changed[partner] = Zeros(entry), Zeros(entries[partner])
            fill_pair(name, changed[name], changed[partner], columns, experts,
                      swapped)
    return changed


def copy(source, target, change):
    """Copies a folder; `change` says what replaces tensors of a file."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix == ".safetensors":
            tensors.write_changed(path, target / path.name, {
                name: bytes(zeros.data) for name, zeros in change(path).items()})
        else:
            (target / path.name).symlink_to(path)


def hidden_states(path, columns):
    """What replaces the hidden states; identity experts add them."""
    entry = tensors.read_header(path)["hidden"]
    if not columns.identity:
        return {}
    blob, size = bytearray(tensors.read_bytes(path, entry)), len(columns.routed)
    width = entry["shape"][1]
    step = len(blob) // (entry["shape"][0] * width)
    for i in range(0, len(blob), step):
        if i // step % width % size != size - 1:
            blob[i:i + step] = bytes(step)
    return {"hidden": bytes(blob)}


def write(case, spec, folder):
    """Writes model/, adapters/, io.safetensors, and base.safetensors, in which
    no token has an adapter, into a folder."""
    io = case / "io.safetensors"
    headers = {}
    for path in case.glob("model/*.safetensors"):
        headers.update(tensors.read_header(path))
    names = [n for n in headers if re.search(rf"\.{spec['layer']}\.", n)]
    config = json.loads((case / "model" / "config.json").read_text())
    latents = [headers[n]["shape"][0] for n in names
               if n.endswith("fc1_latent_proj.weight")]
    columns = Columns(names, tensors.read_header(io)["hidden"]["shape"][1],
                      latents[0] if latents else 0,
                      bool(config.get("zero_expert_num")))
    experts, inner_sizes, columns.gated = sizes(names, headers, columns, config)
    copy(case / "model", folder / "model",
         lambda path: weights(path, columns, experts))
    for name in spec["adapters"]:
        copy(case / "adapters" / name, folder / "adapters" / name,
             lambda path: adapters(path, columns, experts, inner_sizes))
    hidden = hidden_states(io, columns)
    slots = tensors.read_header(io)["slots"]
    none = {"slots": struct.pack("<i", -1) * slots["shape"][0]}
    leave = ("expected", "expected_base")
    tensors.write_changed(io, folder / "io.safetensors", hidden, leave)
    tensors.write_changed(io, folder / "base.safetensors", {**hidden, **none},
                          leave)


def sizes(names, headers, columns, config):
    """(routed experts, intermediate sizes, whether experts have a gate)"""
    downs = {n: headers[n]["shape"] for n in names if is_down(n)
             and not is_shared(n) and not BIAS.search(n)}
    stacked = [s for s in downs.values() if len(s) == 3]
    numbers = [int(own[1]) for own in map(EXPERT.search, downs) if own]
    if stacked:
        experts = stacked[0][0]
    elif numbers:
        experts = max(numbers) + 1
    else:
        experts = config["ffn_config"]["moe_num_experts"]
    inner = {size for shape in downs.values() for size in shape[-2:]
             if size != columns.routed_width}
    if not numbers and not stacked:
        inner = {shape[0] // experts for shape in downs.values()}
    ups = [n for n in names if "experts." in n and ".up_proj" in n]
    gated = not ups or any(".gate_proj" in n for n in names)
    return experts, inner or {columns.routed_width}, gated
