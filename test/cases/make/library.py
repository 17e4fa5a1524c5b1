# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tiny models of transformers: how they are made, filled and run."""
import copy
import importlib
import math
import re

import torch
import transformers
from torch.overrides import TorchFunctionMode

LAYER = re.compile(r"(?:layers|blocks)\.(\d+)\.")


def build(case):
    """The model of a case's configuration, whichever class takes it."""
    config = transformers.AutoConfig.for_model(case.model, **case.settings)
    config._attn_implementation = "eager"
    if hasattr(config, "_experts_implementation"):
        config._experts_implementation = "eager"
    kinds = [transformers.AutoModelForCausalLM, transformers.AutoModel]
    if hasattr(config, "vision_config"):
        kinds.insert(0, transformers.AutoModelForImageTextToText)
    for auto in kinds:
        try:
            return auto.from_config(config)
        except ValueError:
            pass
    name = type(config).__module__.replace("configuration", "modeling")
    module = importlib.import_module(name)
    for kind in vars(module).values():
        if (isinstance(kind, type) and getattr(kind, "config_class", None) is type(config)
                and not kind.__name__.endswith("PreTrainedModel")):
            return kind(config)
    raise ValueError(f"no class of {name} takes this configuration")


def has_experts(module):
    """granitemoe of transformers 4 has no module `experts`."""
    if hasattr(module, "router") and hasattr(module, "input_linear"):
        return True
    return isinstance(getattr(module, "experts", None), torch.nn.Module)


def find_block(model, layer):
    """The last module that has experts, of all layers or of one: its name."""
    found = [name for name, module in model.named_modules()
             if (at := LAYER.search(name + ".")) and has_experts(module)
             and layer in (None, int(at.group(1)))]
    return found[-1]


def parts_of(model, name):
    """The block of that name, and a shared expert that lies beside it."""
    layer = model.get_submodule(name.rpartition(".")[0])
    return model.get_submodule(name), getattr(layer, "shared_mlp", None)


def randomize(module, larger):
    """Signed values of a size that keeps sums near one; norms near one."""
    values = [*module.named_parameters(), *module.named_buffers()]
    for name, value in values:
        if name.endswith("tid2eid"):  # token -> its experts, all different
            experts = module.get_submodule(name.rpartition(".")[0]).weight.shape[0]
            value.copy_(torch.stack([torch.randperm(experts)[:value.shape[1]]
                                     for _ in range(value.shape[0])]))
        if not value.is_floating_point():
            continue
        scale = 1.2 / math.sqrt(value.shape[-1]) if value.dim() > 1 else 0.1
        value.copy_(torch.randn_like(value) * scale)
        if name.endswith("scale") or ("norm" in name and value.dim() == 1):
            value.add_(1)
        for end, factor in larger.items():
            if name.endswith(end):
                value.mul_(factor)


def to_dtype(model, case):
    """Weights to the case's type; buffers of a block that are biases of its
    choice, and what the case says, stay f32."""
    def stays(name, buffer):
        return "bias" in name if buffer else name.endswith(case.in_f32)

    kept = [(block, name, value.float().clone(), buffer)
            for block in filter(has_experts, model.modules())
            for buffer, found in enumerate((block.named_parameters(), block.named_buffers()))
            for name, value in found if stays(name, buffer)]
    model.to(getattr(torch, case.dtype)).eval()
    for block, name, value, buffer in kept:
        (block.get_buffer if buffer else block.get_parameter)(name).data = value


class InF64(TorchFunctionMode):
    """What a library computes in f32 whatever its input is, is in f64 too."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        def wide(value):
            return torch.float64 if value is torch.float32 else value
        func = torch.Tensor.double if func is torch.Tensor.float else func
        return func(*map(wide, args), **{key: wide(value) for key, value in (kwargs or {}).items()})


def run(block, inputs):
    """inputs are those of io.safetensors."""
    block, hidden = copy.deepcopy(block).double(), inputs["hidden"].double()
    with InF64():
        if "router_hidden" in inputs:  # the layer is the block: what is in it runs
            _, weights, ids = block.router(inputs["router_hidden"].double())
            return block.experts(hidden, ids, weights)
        more = {"input_ids": inputs["token_ids"].long()} if "token_ids" in inputs else {}
        output = block(hidden.unsqueeze(0), **more)
    output = output[0] if isinstance(output, tuple) else output
    return output.reshape(hidden.shape)


def run_layer(model, name, inputs):
    """The block's output, plus that of a shared expert beside it."""
    block, beside = parts_of(model, name)
    output = run(block, inputs)
    return output if beside is None else output + run(beside, {"hidden": inputs["hidden"]})
