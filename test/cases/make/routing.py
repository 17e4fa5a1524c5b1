# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a library's router answers, taken from what it computes on the way."""
import torch
from torch.overrides import TorchFunctionMode

EXPERTS = ("num_local_experts", "n_routed_experts", "moe_num_experts", "num_experts")
CHOSEN = ("num_experts_per_tok", "moe_k", "moe_topk", "top_k_experts")


class Watch(TorchFunctionMode):
    """Keeps the router's logits, which are the first matrix of a linear with a
    column for each expert; the weights, the last numbers in k columns; and the
    ids, the last integers in k columns before them."""

    def __init__(self, tokens, experts, k):
        super().__init__()
        self.all, self.chosen = (tokens, experts), (tokens, k)
        self.logits = self.integers = self.ids = self.weights = None

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func is torch.nn.functional.linear and self.logits is None:
            self.keep_logits(result)
        parts = result if isinstance(result, tuple) else (result,)
        parts = [part for part in parts
                 if isinstance(part, torch.Tensor) and part.shape == self.chosen]
        for part in parts:
            if part.dtype in (torch.int32, torch.int64):
                self.integers = part.clone()
        for part in parts:
            if part.is_floating_point():
                self.ids, self.weights = self.integers, part.clone()
        return result

    def keep_logits(self, result):
        """With an adapter of the router these are what its module answers."""
        if isinstance(result, torch.Tensor) and result[..., 0].numel() == self.all[0] and (
                result.shape[-1] == self.all[1]):
            self.logits = result.reshape(self.all).clone()


def first(config, names):
    return next(getattr(config, name) for name in names if hasattr(config, name))


def watch(block, config, tokens, run):
    """The tensors of io.safetensors that tell the routing while run() runs the
    block."""
    config = config.get_text_config()
    experts = first(config, EXPERTS) + getattr(config, "zero_expert_num", 0)
    seen = Watch(tokens, experts, first(config, CHOSEN))
    handles = [getattr(block, name).register_forward_hook(
        lambda _, inputs, output: seen.keep_logits(output))
        for name in ("gate",) if hasattr(block, name)]
    with seen:
        run(block)
    for handle in handles:
        handle.remove()
    if "llama4" in config.model_type:  # keeps the weights among all experts' scores
        seen.weights = seen.logits.gather(1, seen.ids.long()).sigmoid()
    return {"router_logits": seen.logits.float(), "expert_ids": seen.ids.int(),
            "expert_weights": seen.weights.float()}
