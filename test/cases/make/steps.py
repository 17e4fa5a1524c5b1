# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes one case, step by step. The model's weights and the adapters' values
are bf16 or f16 numbers; the block is then run in f64, so that what it answers
is what the files mean, and no near-tie of a router decides."""
import copy
import json
import re
import shutil
import zlib

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

import routing
from adapters import WRITERS
from case import Adapter
from library import LAYER, build, find_block, parts_of, randomize, run, run_layer, to_dtype

TOKENS = 24
# A choice closer than this may be made otherwise by another machine.
MARGIN = 1e-3


def everywhere(block, beside, below):
    """Adapters that between them reach all of a block: its experts' parameters,
    the last of them, and the linears beside the experts (router, shared expert)."""
    packed = [f"{below}.experts.{key}" for key, value
              in block.experts.named_parameters(recurse=False) if value.dim() == 3]
    parts = {below: block}
    if beside is not None:
        parts["shared_mlp"] = beside
    # A router that takes its linear's weight and multiplies by itself passes by
    # what wraps the linear.
    linears = [f"{path}.{key}" for path, part in parts.items() for key, module
               in part.named_modules()
               if type(module) is torch.nn.Linear and not key.endswith("router.classifier")]
    usual = [(3, 5, False, packed, []), (8, 4, True, packed[-1:], []), (5, 7, False, [], linears)]
    usual = [found for found in usual if found[3] or found[4]]
    return {f"a{number}": Adapter(dict(
        r=rank, lora_alpha=alpha, use_rslora=stabilized, target_parameters=parameters or None,
        target_modules=modules), "float32")
        for number, (rank, alpha, stabilized, parameters, modules) in enumerate(usual)}


def differs(outputs, others, limit):
    """Rows that differ by more than that, relatively."""
    return (others - outputs).norm(dim=1) / outputs.norm(dim=1) > limit


def take(inputs, rows):
    return {name: value[rows].contiguous() for name, value in inputs.items()}


def near(block, name, inputs):
    """Tokens for which a router in bf16 chooses other experts."""
    rounded = copy.deepcopy(block)
    exact, router = next(
        (block.get_parameter(key), value) for key, value in rounded.named_parameters()
        if key.endswith(name))
    router.copy_(exact.to(torch.bfloat16))
    outputs = run(block, inputs)
    chosen = differs(outputs, run(rounded, inputs), 0.2)
    # Those of which the choice is so near that f32 may make it otherwise are not.
    router.copy_(exact * (1 + 1e-5 * torch.randn_like(router)))
    return chosen & ~differs(outputs, run(rounded, inputs), 0.01)


def choose_inputs(case, config, block):
    """Tokens of which no choice of experts is a near-tie."""
    count = 4 * TOKENS if not case.near else 4000 * TOKENS
    config = config.get_text_config()
    stored = getattr(torch, case.dtype)
    inputs = {"hidden": (torch.randn(count, config.hidden_size) * 1.5).to(stored)}
    if case.model == "deepseek_v4":
        inputs["token_ids"] = torch.randint(0, config.vocab_size, (count,), dtype=torch.int32)
    if case.model == "gemma4_text":
        inputs["router_hidden"] = (torch.randn(count, config.hidden_size)).to(stored)
    if case.near:
        kept = near(block, case.in_f32[0], inputs)
    else:
        signs = 1 - 2 * (torch.arange(config.hidden_size) % 2)
        nudged = {**inputs, "hidden": inputs["hidden"].double() * (1 + MARGIN * signs)}
        kept = ~differs(run(block, inputs), run(block, nudged), 20 * MARGIN)
    return take(inputs, kept.nonzero().flatten()[:TOKENS])


def keep_only(path, pattern):
    """Only tensors whose name has that pattern: all that a case needs."""
    wanted = {key: value for key, value in load_file(path).items() if re.search(pattern, key)}
    save_file(wanted, path)


def by_slot(slots, of_models):
    """Each row from the model of its slot."""
    return torch.stack([of_models[slot + 1][t] for t, slot in enumerate(slots.tolist())])


def results(case, models, name, inputs):
    """The tensors of io.safetensors."""
    outputs = [run_layer(model, name, inputs) for model in models]
    slots = torch.arange(len(inputs["hidden"]), dtype=torch.int32) % len(models) - 1
    io = {**inputs, "slots": slots, "expected": by_slot(slots, outputs),
          "expected_base": outputs[0].contiguous()}
    if case.routing:
        seen = [routing.watch(parts_of(model, name)[0], models[0].config, len(slots),
                              lambda block: run(block, inputs)) for model in models]
        io |= {key: by_slot(slots, [of_model[key] for of_model in seen]) for key in seen[0]}
    return io


def make(folder, case):
    torch.manual_seed(zlib.crc32(folder.name.encode()))
    model = build(case)
    name = find_block(model, case.layer)
    block, beside = parts_of(model, name)
    layer = int(LAYER.search(name + ".").group(1))
    # Of a family's model only the block is kept.
    for part in [model] if case.adapters is not None else filter(None, [block, beside]):
        randomize(part, case.larger)
    to_dtype(model, case)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder / "model")
    (folder / "model" / "generation_config.json").unlink(missing_ok=True)
    if case.keep:
        keep_only(folder / "model" / "model.safetensors", case.keep.format(layer=layer))

    adapters = case.adapters
    if adapters is None:
        adapters = everywhere(block, beside, name[LAYER.search(name).end():])
    inputs = choose_inputs(case, model.config, block)
    models = [model, *(
        WRITERS[adapter.writer](model, folder / "adapters" / key, adapter, name)
        for key, adapter in adapters.items())]
    if not case.expects:
        save_file(results(case, models, name, inputs), folder / "io.safetensors")
    for edit in case.edits:
        edit(folder)
    producer = {m.__name__: m.__version__ for m in (transformers, peft, torch)}
    spec = {"layer": layer, "adapters": list(adapters), "options": case.options,
            "producer": producer, "notes": case.notes, "expects": case.expects}
    text = json.dumps({key: value for key, value in spec.items() if value not in ({}, "")},
                      indent=1)
    (folder / "case.json").write_text(text + "\n")
