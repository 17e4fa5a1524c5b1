# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors of zeros with few other numbers, for exact_data.py: the weights, biases
and adapters of down, of which each output column has a part."""
import re
import struct

DOWN = re.compile(r"(down_projs?|output_linear|w2|fc2|w2_weight)(\.|_bias$|$)")
EXPERT = re.compile(r"experts\.(?:mlp\.|down_projs\.)?(\d+)\b")
BIAS = re.compile(r"[._]bias$")
PAIR = re.compile(r"\.lora_([AB])\.(default\.)?weight$")
STEPS = (1.0, -1.0, 1.5, -0.75)


def number(dtype, value):
    if dtype == "BF16":
        return struct.pack("<f", value)[2:]
    return struct.pack({"F16": "<e", "F32": "<f"}[dtype], value)


class Zeros:
    """A tensor of zeros that is filled in."""

    def __init__(self, entry):
        self.entry = entry
        self.shape, self.dtype = entry["shape"], entry["dtype"]
        begin, end = entry["data_offsets"]
        self.data = bytearray(end - begin)

    def set(self, value, *place):
        flat = 0
        for size, index in zip(self.shape, place, strict=True):
            flat = flat * size + index
        item = number(self.dtype, value)
        self.data[flat * len(item):(flat + 1) * len(item)] = item


def is_shared(name):
    return "shared" in name


def is_down(name):
    """A weight or bias of down of experts, or the name of their adapters."""
    last = ".".join(PAIR.sub("", name).split(".")[-3:])
    return bool(DOWN.search(last)) and "latent" not in name and (
        "expert" in name or "block_sparse_moe" in name or is_shared(name))


class Columns:
    """Which output columns each source has."""

    def __init__(self, names, layer_hidden, latent, identity):
        downs = [n for n in names if is_down(n)]
        routed = ["weight", "delta"] + ["bias"] * any(
            BIAS.search(n) and not is_shared(n) for n in downs)
        shared = [n for n in downs if is_shared(n)]
        both = ["shared weight", "shared delta"] * bool(shared)
        both += ["shared bias"] * any(BIAS.search(n) for n in shared)
        self.routed_width = latent or layer_hidden
        self.shared_width, self.latent = layer_hidden, latent
        self.routed = routed if latent else routed + both
        self.shared = both if latent else routed + both
        self.identity = identity
        if identity:
            self.routed.append("identity")

    def of(self, what, shared):
        """(column, its number among those of the source) of each."""
        sources = self.shared if shared else self.routed
        width = self.shared_width if shared else self.routed_width
        first = sources.index("shared " * shared + what)
        return [(h, i) for i, h in
                enumerate(range(first, width, len(sources)))]


def fill_bias(zeros, name, columns, experts):
    shared = is_shared(name)
    for h, i in columns.of("bias", shared):
        where = (h,) if shared else (i % experts, h)
        zeros.set(STEPS[i % 4], *where)


def fill_weight(zeros, name, columns, experts):
    shared, shape = is_shared(name), zeros.shape
    width = columns.shared_width if shared else columns.routed_width
    own = EXPERT.search(name)
    for h, i in columns.of("weight", shared):
        value = STEPS[(i + i // 4) % 4]
        if len(shape) == 3:
            e, other = i % shape[0], shape[1] == width
            inner = (5 * h + i) % shape[2 if other else 1]
            zeros.set(value, e, *((h, inner) if other else (inner, h)))
        elif name.endswith("mlp.w2"):  # rows of all experts, one below another
            inner = shape[0] // experts
            zeros.set(value, i % experts * inner + (5 * h + i) % inner, h)
        elif shared or not own or int(own[1]) == i % experts:
            zeros.set(value, h, (5 * h + i) % shape[1])


def fill_pair(name, a, b, columns, experts, swapped):
    """A row of the inner factor has one nonzero number, and so has each output
    column of the outer one."""
    shared, own = is_shared(name), EXPERT.search(name)
    inner, outer = (b, a) if swapped else (a, b)
    ranks = outer.shape[0 if swapped else 1]
    for k in range(ranks):
        column = (7 * k + 1) % inner.shape[0 if swapped else 1]
        inner.set(0.5, *((column, k) if swapped else (k, column)))
    for h, i in columns.of("delta", shared):
        if own and int(own[1]) != i % experts:
            continue
        k = (i * max(1, ranks // experts) + i // experts) % ranks
        outer.set(STEPS[i % 4], *((k, h) if swapped else (h, k)))


def fill_shared_outer(name, entries, columns):
    """B of all experts is one tensor, so only some experts have an A."""
    b = Zeros(entries[name])
    ranks = b.shape[2]
    for h, i in columns.of("delta", False):
        b.set(STEPS[i % 4], 0, h, i % ranks)
    changed = {name: b}
    for other, entry in entries.items():
        own = EXPERT.search(other)
        if own and is_down(other) and PAIR.search(other)[1] == "A":
            changed[other] = Zeros(entry)
            if int(own[1]) < ranks:
                changed[other].set(0.5, int(own[1]), int(own[1]))
    return changed
