# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a model, adapters and a batch for which no sum rounds, so that every
device has to compute the same bits, in whatever order it adds.

Hidden states, up and down weights and the adapters' matrices are -1, 0 or 1, and
what reaches a gate is a multiple of 128, where silu(x) is x or 0. Only u, the
activation and the output are rounded, of values that are exact."""
import json
import random
import struct

HIDDEN, WIDTH, EXPERTS, CHOICES, TOKENS = 256, 128, 8, 4, 40
RANKS = {"one": 16, "two": 20}
GATE_UNIT = 128
BYTES = {"BF16": "e", "F32": "f", "I32": "i"}


def bf16(values):
    return b"".join(struct.pack("<f", value)[2:] for value in values)


def write(path, tensors):
    """name -> (type, shape, values)"""
    header, blob = {}, b""
    for name, (kind, shape, values) in tensors.items():
        data = bf16(values) if kind == "BF16" else struct.pack(
            f"<{len(values)}{BYTES[kind]}", *values)
        header[name] = {"dtype": kind, "shape": shape,
                        "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


class Maker:
    def __init__(self):
        self.random = random.Random(1)

    def matrix(self, rows, columns, density, unit=1):
        """Few elements are not zero."""
        values = [unit * self.random.choice((-1, 1))
                  if self.random.random() < density else 0
                  for _ in range(rows * columns)]
        return "BF16", [rows, columns], values

    def model(self, folder):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(
            {"model_type": "qwen3_moe", "hidden_size": HIDDEN,
             "moe_intermediate_size": WIDTH, "num_experts": EXPERTS,
             "num_experts_per_tok": CHOICES, "num_hidden_layers": 1,
             "hidden_act": "silu", "norm_topk_prob": True,
             "torch_dtype": "bfloat16"}))
        block, tensors = "model.layers.0.mlp", {}
        tensors[f"{block}.gate.weight"] = self.matrix(EXPERTS, HIDDEN, 0.5)
        for expert in range(EXPERTS):
            of = f"{block}.experts.{expert}"
            tensors[f"{of}.gate_proj.weight"] = self.matrix(
                WIDTH, HIDDEN, 0.1, GATE_UNIT)
            tensors[f"{of}.up_proj.weight"] = self.matrix(WIDTH, HIDDEN, 0.1)
            tensors[f"{of}.down_proj.weight"] = self.matrix(HIDDEN, WIDTH, 0.1)
        write(folder / "model.safetensors", tensors)

    def adapter(self, folder, rank):
        folder.mkdir(parents=True)
        modules = {"gate_proj": (HIDDEN, WIDTH, GATE_UNIT),
                   "up_proj": (HIDDEN, WIDTH, 1), "down_proj": (WIDTH, HIDDEN, 1)}
        (folder / "adapter_config.json").write_text(json.dumps(
            {"peft_type": "LORA", "r": rank, "lora_alpha": rank, "bias": "none",
             "target_modules": list(modules)}))
        tensors = {}
        for expert in range(EXPERTS):
            for module, (inputs, outputs, unit) in modules.items():
                of = f"base_model.model.model.layers.0.mlp.experts.{expert}.{module}"
                tensors[f"{of}.lora_A.weight"] = self.matrix(rank, inputs, 0.05)
                tensors[f"{of}.lora_B.weight"] = self.matrix(
                    outputs, rank, 0.1, unit)
        write(folder / "adapter_model.safetensors", tensors)

    def batch(self, path):
        chosen = [self.random.sample(range(EXPERTS), CHOICES)
                  for _ in range(TOKENS)]
        slots = [token % (len(RANKS) + 1) - 1 for token in range(TOKENS)]
        kind, shape, hidden = self.matrix(TOKENS, HIDDEN, 0.5)
        write(path, {
            "hidden": (kind, shape, hidden),
            "slots": ("I32", [TOKENS], slots),
            "expert_ids": ("I32", [TOKENS, CHOICES],
                           [expert for row in chosen for expert in row]),
            "expert_weights": ("F32", [TOKENS, CHOICES],
                               [1 / CHOICES] * (TOKENS * CHOICES))})


def make(folder):
    maker = Maker()
    maker.model(folder / "model")
    for name, rank in RANKS.items():
        maker.adapter(folder / name, rank)
    maker.batch(folder / "io.safetensors")


def command(program, folder, layer, device, output):
    """Runs the batch on a compiled layer."""
    return [str(program), str(folder / layer), f"--model={folder / 'model'}",
            *(f"--adapter={name}={folder / name}" for name in RANKS),
            f"--io={folder / 'io.safetensors'}", "--routing=given",
            f"--device={device}", f"--out={output}"]
