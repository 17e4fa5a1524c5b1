#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes cases of whole families: a tiny random model, adapters, the output.

  make_cases.py OUT [NAME ...]      NAME as in families.py; default: all

Needs transformers 5.23.0, peft 0.21.2 and torch. Every case is a folder as
test/cases/README.md describes it. The model's weights and the adapters' values
are bf16 numbers; the block is then run in f64, so that what it answers is what
the files mean, and no near-tie of a router decides.
"""
import argparse
import copy
import importlib
import json
import math
import pathlib
import re
import shutil
import sys
import zlib

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

from families import families

TOKENS = 24
# r, alpha, rsLoRA, what is adapted: all of the experts' parameters, the last of
# them, or the linears beside the experts (router, shared expert, ...).
ADAPTERS = [(3, 5, False, "all"), (8, 4, True, "last"), (5, 7, False, "linears")]
# A choice closer than this may be made otherwise by another machine.
MARGIN = 1e-3
LAYER = re.compile(r"(?:layers|blocks)\.(\d+)\.")


def build(config):
    """The model of a text configuration, whichever class takes it."""
    for auto in (transformers.AutoModelForCausalLM, transformers.AutoModel):
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


def find_block(model):
    """The last module of a layer that has experts, with its name, and the
    shared expert where that lies beside it in the layer."""
    found = [(name, module) for name, module in model.named_modules()
             if LAYER.search(name) and isinstance(getattr(module, "experts", None), torch.nn.Module)]
    name = found[-1][0]
    return name, *parts_of(model, name)


def parts_of(model, name):
    """The block of that name, and a shared expert beside it."""
    layer = model.get_submodule(name.rpartition(".")[0])
    return model.get_submodule(name), getattr(layer, "shared_mlp", None)


def randomize(block):
    """Signed values of a size that keeps sums near one; norms near one."""
    values = [*block.named_parameters(), *block.named_buffers()]
    for name, value in values:
        if not value.is_floating_point():
            continue
        scale = 1.2 / math.sqrt(value.shape[-1]) if value.dim() > 1 else 0.1
        value.copy_(torch.randn_like(value) * scale)
        if name.endswith("scale") or ("norm" in name and value.dim() == 1):
            value.add_(1)


def to_bf16(model, block):
    """Weights to bf16; buffers, which are biases of a choice, stay f32."""
    buffers = {name: value.float() for name, value in block.named_buffers()
               if value.is_floating_point()}
    model.to(torch.bfloat16).eval()
    for name, value in block.named_buffers():
        if name in buffers:
            value.data = buffers[name]


def run(block, hidden, dtype):
    output = copy.deepcopy(block).to(dtype)(hidden.to(dtype).unsqueeze(0))
    output = output[0] if isinstance(output, tuple) else output
    return output.reshape(hidden.shape).double()


def run_layer(model, name, hidden, dtype):
    """The block's output, plus that of a shared expert beside it."""
    block, beside = parts_of(model, name)
    output = run(block, hidden, dtype)
    return output if beside is None else output + run(beside, hidden, dtype)


def targets(block, beside, below, which):
    """What PEFT is to adapt, as parameters and as modules."""
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
    return {"all": (packed, []), "last": (packed[-1:], []), "linears": ([], linears)}[which]


def adapt(model, path, parameters, modules, rank, alpha, stabilized):
    """Saves an adapter; answers the adapted model."""
    config = peft.LoraConfig(r=rank, lora_alpha=alpha, use_rslora=stabilized,
                             target_parameters=parameters or None, target_modules=modules)
    adapted = peft.get_peft_model(copy.deepcopy(model), config)
    for key, value in adapted.named_parameters():
        if "lora_" in key:
            noise = torch.randn_like(value) * 0.15
            value.copy_(noise.to(torch.bfloat16).to(value.dtype))
    adapted.save_pretrained(path)
    (path / "README.md").unlink(missing_ok=True)
    return adapted.get_submodule("base_model.model")


def keep_layer(folder, layer):
    """Only this layer's tensors without its attention: all that a case needs."""
    path = folder / "model.safetensors"
    wanted = {key: value for key, value in load_file(path).items()
              if (found := LAYER.search(key)) and int(found.group(1)) == layer
              and not re.search("attn|attention", key)}
    save_file(wanted, path)
    (folder / "generation_config.json").unlink(missing_ok=True)


def close_calls(block, hidden, dtype):
    """Tokens whose choice changes when they change by a little."""
    def ids(x):
        return run(block, x, dtype)

    base = ids(hidden.double())
    nudged = ids(hidden.double() * (1 + MARGIN))
    change = (nudged - base).norm(dim=1) / base.norm(dim=1)
    return change > 20 * MARGIN


def make(folder, family, note, settings):
    torch.manual_seed(zlib.crc32(folder.name.encode()))
    config = transformers.AutoConfig.for_model(family, **settings)
    config._attn_implementation = "eager"
    config._experts_implementation = "eager"
    model = build(config)
    name, block, beside = find_block(model)
    for part in filter(None, [block, beside]):
        randomize(part)
    to_bf16(model, block)
    layer = int(LAYER.search(name).group(1))
    # Its linears run in f32 whatever the block's type is.
    dtype = torch.float32 if family == "inkling2_text" else torch.float64
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder / "model")
    keep_layer(folder / "model", layer)

    hidden = (torch.randn(4 * TOKENS, config.hidden_size) * 1.5).to(torch.bfloat16)
    hidden = hidden[~close_calls(block, hidden, dtype)][:TOKENS]
    below = name[LAYER.search(name).end():]
    models, adapters = [model], []
    for rank, alpha, stabilized, which in ADAPTERS:
        parameters, modules = targets(block, beside, below, which)
        if parameters or modules:
            adapters.append(f"a{len(adapters)}")
            models.append(adapt(model, folder / "adapters" / adapters[-1],
                                parameters, modules, rank, alpha, stabilized))
    outputs = [run_layer(m, name, hidden, dtype) for m in models]
    write(folder, layer, note, hidden, outputs, adapters)


def write(folder, layer, note, hidden, outputs, adapters):
    slots = torch.arange(len(hidden), dtype=torch.int32) % len(outputs) - 1
    expected = torch.stack([outputs[s + 1][t] for t, s in enumerate(slots.tolist())])
    save_file({"hidden": hidden.contiguous(), "slots": slots, "expected": expected,
               "expected_base": outputs[0].contiguous()}, folder / "io.safetensors")
    producer = {m.__name__: m.__version__ for m in (transformers, peft, torch)}
    case = {"layer": layer, "adapters": adapters, "producer": producer, "notes": note}
    (folder / "case.json").write_text(json.dumps(case, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    failed = 0
    for name, (family, note, settings) in families().items():
        if args.names and name not in args.names:
            continue
        try:
            make(args.out / name, family, note, settings)
            print(f"{name}: made")
        except Exception as error:  # one family's trouble is not another's
            failed += 1
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
