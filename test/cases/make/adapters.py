# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the adapters of a case. Each writer answers the model that has the
values of the file."""
import copy
import tempfile

import peft
import torch

import by_hand


def fill(adapted, config, dtype):
    """bf16 numbers in every low-rank tensor, stored as dtype."""
    _, scale = by_hand.scaled(config.r, config.lora_alpha, config.use_rslora)
    for key, value in adapted.named_parameters():
        if "lora_" in key:
            size = by_hand.size_of_b(scale) if "lora_B" in key else by_hand.SIZE
            noise = torch.randn_like(value) * size
            value.copy_(noise.to(torch.bfloat16).to(value.dtype))
            value.data = value.data.to(dtype)


def save(adapted, path):
    # Whether an embedding was resized would be asked on the network.
    adapted.save_pretrained(path, save_embedding_layers=False)
    (path / "README.md").unlink(missing_ok=True)


def by_peft(model, path, adapter, block):
    config = peft.LoraConfig(**adapter.config)
    adapted = peft.get_peft_model(copy.deepcopy(model), config)
    fill(adapted, config, getattr(torch, adapter.dtype))
    save(adapted, path)
    return adapted.get_submodule("base_model.model")


def saved_again(model, path, adapter, block):
    with tempfile.TemporaryDirectory() as folder:
        by_hand.save(model, folder, adapter, block)
        adapted = peft.PeftModel.from_pretrained(copy.deepcopy(model), folder)
    save(adapted, path)
    return adapted.get_submodule("base_model.model")


WRITERS = {"by_peft": by_peft, "by_hand": by_hand.save, "saved_again": saved_again}
