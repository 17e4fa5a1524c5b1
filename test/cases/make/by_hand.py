# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adapter files that PEFT does not write with the library at hand: pairs for
single experts, in the forms of other programs and other versions."""
import copy
import json
import math
import pathlib
import re

import peft
import torch
from safetensors.torch import save_file

from case import without

OLDER = dict(
    alpha_pattern={}, auto_mapping=None, base_model_name_or_path="tiny-random/base",
    bias="none", fan_in_fan_out=False, inference_mode=True, init_lora_weights=True,
    layer_replication=None, layers_pattern=None, layers_to_transform=None, loftq_config={},
    lora_alpha=8, lora_dropout=0.0, megatron_config=None, megatron_core="megatron.core",
    modules_to_save=None, peft_type="LORA", r=8, rank_pattern={}, revision=None,
    target_modules=None, task_type=None, use_dora=False, use_rslora=False)
NEWER = dict(
    without(OLDER, "loftq_config"), lora_bias=False, qalora_group_size=16,
    target_parameters=None, trainable_token_indices=None, use_qalora=False)
FEW = {key: OLDER[key] for key in (
    "peft_type", "auto_mapping", "base_model_name_or_path", "bias", "fan_in_fan_out",
    "inference_mode", "init_lora_weights", "lora_alpha", "lora_dropout", "modules_to_save",
    "r", "rank_pattern", "alpha_pattern", "target_modules", "task_type", "use_dora",
    "use_rslora")}
HALVES = ("gate_proj", "up_proj")
# Of the values of lora_A, and of lora_B unless the scale is large.
SIZE = 0.15


def configuration(adapter):
    if adapter.hand.keys == "installed":
        config = peft.LoraConfig(**adapter.config).to_dict()
        config["peft_type"], config["inference_mode"] = "LORA", True
        config["target_modules"] = sorted(config["target_modules"])
        return config
    keys = {"older": OLDER, "newer": NEWER, "few": FEW}[adapter.hand.keys]
    return {**keys, **adapter.config}


def rank_and_scale(config, module):
    """PEFT's rule: the first pattern that matches the end of the name."""
    def pick(patterns, usual):
        return next((value for key, value in patterns.items()
                     if re.match(rf"(.*\.)?({key})$", module)), usual)
    return scaled(pick(config["rank_pattern"], config["r"]),
                  pick(config["alpha_pattern"], config["lora_alpha"]), config["use_rslora"])


def scaled(rank, alpha, stabilized):
    return rank, alpha / (math.sqrt(rank) if stabilized else rank)


def size_of_b(scale):
    """So that no scale makes an adapter all of the output."""
    return SIZE * min(1, 2 / scale)


def weight_of(experts, projection, expert):
    """The part of a packed parameter that is one projection, as (out, in)."""
    half = projection in HALVES and hasattr(experts, "gate_up_proj")
    weight = getattr(experts, "gate_up_proj" if half else projection)[expert]
    if getattr(experts, "is_transposed", False):
        weight = weight.T
    return weight.chunk(2)[HALVES.index(projection)] if half else weight


def shared_name(module):
    return re.sub(r"experts\.\d+", "experts", module)


def draw(experts, hand, config, layer, dtype):
    """(expert, module, A, B, scale) of each expert with pairs, by projection."""
    pairs = {projection: [] for projection in hand.projections}
    for projection, word in hand.projections.items():
        for expert in hand.experts or range(experts.down_proj.shape[0]):
            module = hand.names.format(layer=layer, expert=expert, projection=word)
            shares_a = hand.shared and projection in HALVES
            rank, scale = rank_and_scale(config, shared_name(module) if shares_a else module)
            out, into = weight_of(experts, projection, expert).shape
            a = (torch.randn(rank, into) * SIZE).to(dtype)
            b = (torch.randn(out, rank) * size_of_b(scale)).to(dtype)
            if hand.shared and pairs[projection]:
                _, _, first_a, first_b, _ = pairs[projection][0]
                a, b = (first_a, b) if shares_a else (a, first_b)
            pairs[projection].append((expert, module, a, b, scale))
    return pairs


def per_expert(pairs, config):
    return {f"{module}.lora_{side}.weight": value for found in pairs.values()
            for _, module, a, b, _ in found for side, value in (("A", a), ("B", b))}


def packed(pairs, config):
    """gate and up are one projection here, drawn as such."""
    tensors = {}
    for projection, found in pairs.items():
        module = found[0][1].rpartition(".experts.")[0] + ".experts"
        if projection == "gate_up_proj":
            module += ".base_layer"
        columns = torch.stack([b for _, _, _, b, _ in found], dim=1)  # (out, E, r)
        if config["lora_B_layout"] == "rank_major":
            columns = columns.transpose(1, 2)
        tensors[f"{module}.lora_A.weight"] = torch.cat([a for _, _, a, _, _ in found])
        tensors[f"{module}.lora_B.weight"] = columns.flatten(1).contiguous()
    return tensors


def shared_outer(pairs, config):
    """What all experts share lies once, below `experts`."""
    tensors = {}
    for projection, found in pairs.items():
        for _, module, a, b, _ in found:
            once, each = ("B", "A") if projection == "down_proj" else ("A", "B")
            sides = {"A": a, "B": b}
            tensors[f"{shared_name(module)}.lora_{once}.weight"] = sides[once].unsqueeze(0)
            tensors[f"{module}.lora_{each}.weight"] = sides[each]
    return tensors


FORMS = {"per_expert": per_expert, "packed": packed, "shared_outer": shared_outer}


def save(model, path, adapter, block):
    """Writes the adapter; answers the model with its deltas added in f64."""
    hand, config = adapter.hand, configuration(adapter)
    path, dtype = pathlib.Path(path), getattr(torch, adapter.dtype)
    merged = copy.deepcopy(model).double()
    experts = merged.get_submodule(block).experts
    layer, tensors = int(re.search(r"\.(\d+)\.", block).group(1)), {}
    for of_layer in hand.layers:
        pairs = draw(experts, hand, config, of_layer, dtype)
        tensors |= FORMS[hand.form](pairs, config)
        for projection, found in pairs.items() if of_layer == layer else ():
            for expert, _, a, b, scale in found:
                weight_of(experts, projection, expert).add_(b.double() @ a.double() * scale)
    for name, (out, into) in hand.extra.items():
        tensors[f"{name}.lora_A.weight"] = torch.randn(config["r"], into).to(dtype)
        tensors[f"{name}.lora_B.weight"] = torch.randn(out, config["r"]).to(dtype)
    path.mkdir(parents=True, exist_ok=True)
    save_file({f"base_model.model.{name}": value for name, value in tensors.items()},
              path / "adapter_model.safetensors", metadata={"format": "pt"})
    text = json.dumps(config, indent=2, default=str)
    (path / "adapter_config.json").write_text(text)
    return merged
