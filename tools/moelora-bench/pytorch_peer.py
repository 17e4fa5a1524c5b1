# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch eager as a peer: a child process that times what it is asked for.

One JSON object a line on standard input, one answer a line on standard output:

    {"do": "dense"}                         -> {"flops": ...} of a bf16 matmul
    {"do": "layer", "hidden": H, "intermediate": I, "experts": E}
                                            -> {} random bf16 weights are made
    {"do": "adapters", "count": S, "rank": r} -> {}
    {"do": "time", "repeat": n,
     "routings": [{"ids": [[..k]..], "slots": [..]}, ..]}
                                            -> {"seconds": median}, in turns

The layer is the loop over hit experts that transformers runs in eager mode,
with the delta of each adapter in the batch on its rows, as PEFT's mixed batches
do. Between requests the process sleeps, so that it takes no core.
"""
import itertools
import json
import os
import statistics
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import torch
import torch.nn.functional as F


def signed(*shape):
    return (torch.rand(*shape, dtype=torch.bfloat16) - 0.5) * 0.1


class Layer:
    def __init__(self, hidden, intermediate, experts):
        self.hidden, self.intermediate, self.experts = hidden, intermediate, experts
        self.gate_up = signed(experts, 2 * intermediate, hidden)
        self.down = signed(experts, hidden, intermediate)
        self.adapters = []

    def adapt(self, count, rank):
        h, i, e = self.hidden, self.intermediate, self.experts
        make = lambda out, inner: (signed(e, rank, inner), signed(e, out, rank))
        self.adapters = [(make(i, h), make(i, h), make(h, i)) for _ in range(count)]

    def add_deltas(self, rows, x, slots, expert, projection):
        for slot, adapter in enumerate(self.adapters):
            mine = (slots == slot).nonzero(as_tuple=True)[0]
            if mine.numel():
                a, b = adapter[projection]
                rows[mine] += F.linear(F.linear(x[mine], a[expert]), b[expert])
        return rows

    def expert(self, e, x, slots):
        gate, up = F.linear(x, self.gate_up[e]).chunk(2, dim=-1)
        if self.adapters:
            gate = self.add_deltas(gate.contiguous(), x, slots, e, 0)
            up = self.add_deltas(up.contiguous(), x, slots, e, 1)
        a = F.silu(gate) * up
        y = F.linear(a, self.down[e])
        return self.add_deltas(y, a, slots, e, 2) if self.adapters else y

    def run(self, x, ids, weights, slots):
        out = torch.zeros_like(x)
        hits = F.one_hot(ids, self.experts).permute(2, 1, 0)
        for e in hits.sum(dim=(1, 2)).nonzero().flatten().tolist():
            choice, token = torch.where(hits[e])
            y = self.expert(e, x[token], slots[token])
            y = y * weights[token, choice, None]
            out.index_add_(0, token, y.to(out.dtype))
        return out


def median(call, repeat, warm):
    times = []
    for index in range(repeat + warm):
        begin = time.perf_counter()
        call()
        if index >= warm:
            times.append(time.perf_counter() - begin)
    return statistics.median(times)


def dense():
    a, b = signed(1024, 2048), signed(2048, 2048)
    return {"flops": 2 * 1024 * 2048 * 2048 / median(lambda: a @ b, 10, 3)}


def time_layer(layer, request):
    routings = [(torch.tensor(one["ids"]), torch.tensor(one["slots"]))
                for one in request["routings"]]
    shape = routings[0][0].shape
    x = signed(shape[0], layer.hidden)
    weights = torch.full(shape, 1.0 / shape[1])
    turns = itertools.cycle(routings)

    def run():
        ids, slots = next(turns)
        return layer.run(x, ids, weights, slots)

    return {"seconds": median(run, request["repeat"], 1)}


def answer(state, request):
    what = request["do"]
    if what == "dense":
        return dense()
    if what == "layer":
        state["layer"] = Layer(request["hidden"], request["intermediate"], request["experts"])
    elif what == "adapters":
        state["layer"].adapt(request["count"], request["rank"])
    elif what == "time":
        return time_layer(state["layer"], request)
    return {}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    state = {}
    print(json.dumps({"version": torch.__version__}), flush=True)
    with torch.inference_mode():
        for line in sys.stdin:
            print(json.dumps(answer(state, json.loads(line))), flush=True)


main()
