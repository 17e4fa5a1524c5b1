#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records what the router classes of transformers answer, in f32.

    record.py classes.json        (needs torch and transformers 5.23)

One entry per class: the config.json of a tiny model of its family, as
transformers saves it, random parameters and rows, and the ids and weights that
the class gives for them. RouterClassesTest.cpp reads the file.
"""
import importlib
import inspect
import json
import sys

import torch
import transformers

from classes import CLASSES, EXPERTS, HIDDEN, NAMES, SIZES, TOKENS, TOP_K


def draw(generator, *shape):
    """Multiples of 1/64, which are short to write and exact everywhere."""
    values = torch.randn(*shape, generator=generator, dtype=torch.float64)
    return (values * 64).round().div(64).float()


def config_class(module, router, name):
    """The config of this name, or that the router's constructor is annotated
    with, or else the text config of its module."""
    configs = importlib.import_module(
        module.__name__.replace("modeling_", "configuration_"))
    if name:
        return getattr(configs, name)
    hints = inspect.signature(router.__init__).parameters["config"].annotation
    if inspect.isclass(hints) and hasattr(hints, "model_type"):
        return hints
    if isinstance(hints, str) and hasattr(configs, hints):
        return getattr(configs, hints)
    found = [c for n, c in vars(configs).items() if n.endswith("Config")
             and inspect.isclass(c) and c.__module__ == configs.__name__]
    text = [c for c in found if "Text" in c.__name__]
    return (text or found)[0]


def tiny_config(config_type, extra):
    """A config of these sizes; nested ones where the class nests them."""
    known = set(inspect.signature(config_type.__init__).parameters)
    known |= set(getattr(config_type, "attribute_map", {}))
    known |= set(vars(config_type.__class__)) | set(dir(config_type))
    values = {key: size for key, size in SIZES.items() if key in known}
    values.update(extra)
    if config_type.model_type == "dbrx":
        values["ffn_config"] = {"hidden_size": HIDDEN, "ffn_hidden_size": 8,
                                "moe_num_experts": EXPERTS, "moe_top_k": TOP_K}
    return config_type(**values)


def make_router(module, router_type, config):
    """The module whose parameters are the router's, and a function of rows."""
    if router_type.__name__ == "DbrxRouter":
        block = module.DbrxFFN(config)

        def route(rows):
            logits = block.router(rows)
            weights, ids = block.route_tokens_to_experts(logits)
            return logits, weights, ids
        return block.router, route
    router = router_type(config)
    return router, router


def fill(router, generator):
    """Random tensors in all parameters and buffers; returns them by role."""
    operands = {}
    tensors = list(router.named_parameters()) + list(router.named_buffers())
    for name, tensor in tensors:
        if name == "global_scale":
            tensor.data.fill_(1.25)
            operands["expert_scale"] = None  # one for all, see record
            continue
        if name not in NAMES:
            continue
        role = NAMES[name]
        if role == "token_table":
            order = torch.rand(tensor.shape[0], EXPERTS, generator=generator)
            tensor.data.copy_(order.argsort(dim=-1)[:, :tensor.shape[1]])
        else:
            tensor.data.copy_(draw(generator, *tensor.shape))
        operands[role] = tensor.data.clone()
    return operands


def call(router, route, rows, operands, generator):
    """ids and weights; what a class asks for beside rows is made up here."""
    arguments = [name for name in inspect.signature(router.forward).parameters
                 if name != "hidden_states"]
    extra = []
    if "input_ids" in arguments:
        operands["token_ids"] = torch.randint(0, 32, (TOKENS,),
                                              generator=generator)
        extra = [operands["token_ids"]]
    elif arguments:
        operands["selection_bias"] = draw(generator, EXPERTS)
        extra = [operands["selection_bias"]]
    if type(router).__name__ == "AfmoeTokenChoiceRouter":
        rows = rows[None]
    answer = route(rows, *extra)
    if type(router).__name__ == "Llama4Router":
        scores = answer[0]
        weights, ids = scores.topk(router.top_k, dim=-1)
    else:
        weights, ids = answer[1], answer[2]
    if len(answer) == 4:  # experts that every token chooses
        shared = torch.arange(answer[3].shape[-1]) + EXPERTS
        ids = torch.cat([ids, shared.expand(TOKENS, -1)], dim=-1)
        weights = torch.cat([weights, answer[3]], dim=-1)
    return ids.reshape(TOKENS, -1), weights.reshape(TOKENS, -1)


def numbers(tensor):
    values = tensor.double().flatten().tolist()
    return [int(v) if v == int(v) else float(f"{v:.9g}") for v in values]


def saved(config):
    """config.json in the form of save_pretrained, for the type that a family
    is published under."""
    text = json.loads(config.to_json_string(use_diff=True))
    text.pop("transformers_version", None)
    text["dtype"] = "float32"
    text.update({key: value for key, value in SIZES.items()
                 if key == "num_hidden_layers" and key in config.to_dict()})
    return text


def record(path, options, seed):
    generator = torch.Generator().manual_seed(seed)
    family, name = path.split(".")
    module = importlib.import_module(
        f"transformers.models.{family}.modeling_{family}")
    router_type = getattr(module, name)
    config = tiny_config(
        config_class(module, router_type, options.get("config")),
        options.get("set", {}))
    router, route = make_router(module, router_type, config)
    router.eval()
    operands = fill(router, generator)
    rows = draw(generator, TOKENS, HIDDEN)
    with torch.no_grad():
        ids, weights = call(router, route, rows, operands, generator)
    if "expert_scale" in operands and operands["expert_scale"] is None:
        operands["expert_scale"] = torch.full((router.n_total_experts,), 1.25)
    weights = weights * getattr(config, options.get("times", ""), 1.0)
    return {"class": name, "config": saved(config), "hidden": numbers(rows),
            **{role: numbers(tensor) for role, tensor in operands.items()},
            "ids": numbers(ids), "weights": numbers(weights)}


def main():
    assert transformers.__version__ == "5.23.0", transformers.__version__
    entries = [record(path, options, seed)
               for seed, (path, options) in enumerate(CLASSES.items(), 1)]
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":"))
                                      for entry in entries) + "\n]\n")


if __name__ == "__main__":
    main()
