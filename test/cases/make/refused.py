# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of transformers4/ that must be refused. One adapter each; most are sound
until an edit spoils the file."""
import edits
from case import Case, Versions
from transformers4 import GPT_OSS, LATENT_ATTENTION, MODULES, QWEN3, lora

SMALL = dict(hidden_size=32, intermediate_size=16)
QWEN = dict(QWEN3, **SMALL, moe_intermediate_size=12, num_experts=4)
OLMOE = dict(SMALL, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, head_dim=8,
             vocab_size=32, max_position_embeddings=64, num_experts=4, num_experts_per_tok=3)
BIASED = dict(GPT_OSS, hidden_size=32, intermediate_size=24, num_local_experts=4)
ONE_EXPERT = r".*\.experts\.1\.(gate|up|down)_proj"
BOTH = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]


def case(expects, notes="", *, model="qwen3_moe", settings=None, modules=ONE_EXPERT, rank=4,
         versions=Versions("4.57.1", "0.17.1"), options=None, edits=(), **config):
    """config: of the adapter."""
    adapter = lora(rank, 8, modules, "float32", **config)
    return Case(model, settings or QWEN, {"alice": adapter}, notes or expects, versions,
                options=options or {}, expects=f"error: {expects}", edits=edits)


def only_gate_up(peft, words):
    """H is 2I."""
    return case(
        "ambiguous layout", f"only gate_up_proj and H is 2I; {words}; peft_version removed, so "
        "nothing tells", model="olmoe", settings=OLMOE, modules=[],
        target_parameters=["mlp.experts.gate_up_proj"], versions=Versions("5.0.0", peft),
        edits=(edits.drop_config("peft_version"),))


REFUSED = {
    "no_alora": case(
        "alora_invocation_tokens", "active only after its invocation tokens",
        versions=Versions("4.57.1", "0.19.1"), alora_invocation_tokens=[3, 4],
        task_type="CAUSAL_LM"),
    "no_ambiguous_down": case(
        "ambiguous layout", "only down_proj and H is I", model="gpt_oss",
        settings=dict(BIASED, intermediate_size=32), modules=[],
        target_parameters=["mlp.experts.down_proj"]),
    "no_ambiguous_gate_up": only_gate_up("0.18.0", "P17 file, roles transposed"),
    "no_ambiguous_gate_up_p191": only_gate_up("0.19.1", "P191 file, natural"),
    "no_bias_all": case(
        "bias", "the file has the experts' biases", model="gpt_oss", settings=BIASED, modules=[],
        target_parameters=BOTH, bias="all"),
    "no_bias_lora_only": case(
        "bias", "PEFT trains the adapted experts' biases and does not write them",
        model="deepseek_v2", bias="lora_only",
        settings=dict(LATENT_ATTENTION, **SMALL, moe_intermediate_size=12, n_routed_experts=4,
                      n_shared_experts=1, n_group=1, topk_group=1, num_experts_per_tok=2,
                      mlp_bias=True)),
    "no_bias_parameter": case(
        "target_parameters", "an expert's bias is a packed target too", model="gpt_oss",
        settings=BIASED, modules=[],
        target_parameters=["mlp.experts.down_proj", "mlp.experts.gate_up_proj_bias"]),
    "no_config_rank": case(
        "rank", "adapter_config.json states another rank than the tensors have, so the scale is "
        "unknown", edits=(edits.set_config(r=5),)),
    "no_dora": case("use_dora", use_dora=True),
    "no_duplicate_key": case("duplicate key", edits=(edits.repeat_first(),)),
    "no_lora_bias": case("lora_bias", "the file has lora_B.bias", lora_bias=True),
    "no_missing_b": case("incomplete pair", edits=(edits.drop("up_proj.lora_B.weight"),)),
    "no_modules_to_save": case(
        "modules_to_save", "a full copy of the block travels in the adapter", modules=["q_proj"],
        modules_to_save=["mlp"]),
    "no_modules_to_save_expert": case(
        "modules_to_save", modules=MODULES, modules_to_save=["experts.1"]),
    "no_nothing_binds": case(
        "nothing binds", "an adapter of the attention", modules=["q_proj", "v_proj"]),
    "no_other_experts": case(
        "expert out of range", edits=(edits.rename("experts.1.", "experts.99."),)),
    "no_other_sizes": case(
        "shape", "made for a model of other sizes",
        settings=dict(QWEN, hidden_size=40, intermediate_size=20, moe_intermediate_size=28,
                      num_experts=3), edits=(edits.narrow("lora_A", 4),)),
    "no_overlap": case(
        "offsets", "the second tensor begins 4 bytes inside the first",
        edits=(edits.move(1, -4),)),
    "no_past_end": case(
        "offsets", "the last tensor leaves a hole of 4 bytes and ends 4 bytes past the end",
        edits=(edits.move(-1, 4),)),
    "no_peft_type": case("peft_type", edits=(edits.set_config(peft_type="LOHA"),)),
    "no_pissa": case(
        "init_lora_weights", "such an adapter is relative to a base that PEFT changed when it made "
        "the adapter", init_lora_weights="pissa"),
    "no_rank_bound": case("rank", rank=65, options={"max_rank": 64}),
    "no_truncated": case("truncated", edits=(edits.truncate(64),)),
    "no_unknown_dtype": case("dtype", edits=(edits.of_entry(0, dtype="Q32"),)),
    "no_unknown_name": case(
        "unknown tensor", edits=(edits.rename("up_proj", "sideways_proj"),)),
}
