# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of what other programs write, and of configurations as people have them.
Their adapters are written by hand, and their deltas added to the weights of the
library's model in f64."""
from case import Adapter, Case, Hand, Versions, without
from edits import empty, in_model, of_model, pickled
from transformers4 import MODULES, lora
from transformers5 import COMMON, LATENT_ATTENTION, LATER

QWEN = dict(
    decoder_sparse_step=1, hidden_act="silu", hidden_size=48, intermediate_size=64,
    mlp_only_layers=[], moe_intermediate_size=20, norm_topk_prob=True, num_attention_heads=2,
    num_experts=6, num_experts_per_tok=2, num_hidden_layers=2, num_key_value_heads=2,
    rms_norm_eps=1e-6, tie_word_embeddings=False, vocab_size=32)
VERSIONS = Versions("5.23.0", "0.21.2")


def by_hand(modules=MODULES, rank=4, dtype="float32", hand=None, **config):
    config = dict(r=rank, lora_alpha=16, target_modules=modules, task_type="CAUSAL_LM", **config)
    return {"a": Adapter(config, dtype, "by_hand", hand or Hand())}


def few_keys(config):
    """A configuration as short as people write them."""
    return {key: config[key] for key in ("architectures", "model_type", "dtype")} | QWEN


def case(notes, adapters, model="qwen3_moe", settings=None, keep=r"\.mlp\.", edits=(), **more):
    if settings is None:
        edits = (of_model(few_keys), *edits)
    return Case(model, settings or QWEN, adapters, notes, VERSIONS, keep=keep, edits=edits, **more)


def marked(layout):
    """As Unsloth marks its order of columns."""
    parameters = {name: {"lora_B_layout": layout, "num_experts": 6}
                  for name in ("gate_up_proj", "down_proj")}
    return by_hand(
        ["q_proj", "v_proj"], peft_version="0.20.0", lora_B_layout=layout,
        target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"],
        auto_mapping={"base_model_class": "Qwen3MoeForCausalLM", "unsloth_fixed": True,
                      "parent_library": "transformers.models.qwen3_moe.modeling_qwen3_moe"},
        unsloth_fused_expert_lora={"lora_A_layout": "grouped_by_expert", "parameters": parameters},
        hand=Hand(projections={"gate_up_proj": "gate_up_proj", "down_proj": "down_proj"},
                  form="packed"))


def normalized():
    """Ranks of the modules below the rank of the configuration."""
    ranks = {}
    for layer in (0, 1):
        below = f"model.layers.{layer}.mlp.experts"
        ranks |= {f"{below}.gate_proj": 4, f"{below}.up_proj": 4}
        ranks |= {f"{below}.{expert}.down_proj": 4 for expert in range(6)}
    return ranks


def within_llm(config):
    vision = {"model_type": "siglip2_navit", "hidden_size": 32}
    return {"architectures": ["Ovis2_6_MoeForCausalLM"], "model_type": "ovis2_6_moe",
            "hidden_size": 48, "dtype": "bfloat16", "llm_config": config, "vit_config": vision}


FIELD = {
    "bin_only": case("Only adapter_model.bin is there", by_hand(), expects="error: pickle",
                     edits=(pickled,)),
    "bridge_shared_outer_normalized": case(
        "A shared by all experts; rank_pattern names only the lora_A modules of the tensors whose "
        "rank differs from r",
        by_hand(rank=8, dtype="bfloat16", rank_pattern=normalized(),
                hand=Hand(form="shared_outer", shared=True, keys="few"))),
    "config_infinity": case(
        "config.json with the number Infinity in a key that no router, expert or activation uses",
        by_hand(["up_proj", "down_proj"], hand=Hand(
            "backbone.layers.{layer}.mixer.experts.{expert}.{projection}",
            {"up_proj": "up_proj", "down_proj": "down_proj"}, layers=(1,))),
        "nemotron_h",
        dict(without(COMMON, "num_hidden_layers", "intermediate_size"), hidden_size=48,
             layers_block_type=["full_attention", "moe"], n_routed_experts=6,
             num_experts_per_tok=2, moe_intermediate_size=24,
             moe_shared_expert_intermediate_size=20, routed_scaling_factor=2.5),
        r"layers\.1\.mixer\.",
        edits=(of_model(lambda config: {**config, "time_step_limit": [0.0, float("inf")]}),)),
    "dsv3_mtp_layer": case(
        "num_hidden_layers 2, num_nextn_predict_layers 1; the adapter also adapts layer 2, the "
        "prediction layer",
        by_hand(hand=Hand(layers=(1, 2), extra={"model.layers.2.eh_proj": (48, 96)})),
        "deepseek_v3",
        dict(LATENT_ATTENTION, hidden_size=48, moe_intermediate_size=24, n_routed_experts=8,
             n_group=4, topk_group=2, first_k_dense_replace=1, num_experts_per_tok=3,
             num_nextn_predict_layers=1), r"layers\.1\.mlp\."),
    "gptoss_unsloth_projs": case(
        "gpt-oss with per-expert modules experts.gate_up_projs.E and experts.down_projs.E; gate "
        "and up rows interleaved",
        by_hand([f"{name}.{expert}" for name in ("gate_up_projs", "down_projs")
                 for expert in range(5)], peft_version="0.18.1",
                hand=Hand("model.layers.{layer}.mlp.experts.{projection}.{expert}",
                          {"gate_up_proj": "gate_up_projs", "down_proj": "down_projs"},
                          layers=(0,))),
        "gpt_oss",
        dict(COMMON, hidden_size=32, intermediate_size=24, num_hidden_layers=1,
             num_local_experts=5, num_experts_per_tok=2, layer_types=["full_attention"])),
    "keys_mica": Case(
        "qwen2_moe",
        dict(LATER, hidden_size=40, num_experts=5, num_experts_per_tok=2, norm_topk_prob=True,
             shared_expert_intermediate_size=20, mlp_only_layers=[0]),
        {"a": lora(4, 8, [*(f"mlp.shared_expert.{name}" for name in MODULES), "q_proj"], "float32",
                   init_lora_weights="mica")},
        "init_lora_weights mica: the base is unchanged, the pair is plain",
        Versions("5.24.0", "0.21.2"), options={"max_rank": 96}),
    "ovis26_llm_prefix": case(
        "A vision-language model: llm_config holds the text model, tensors and adapter names lie "
        "below llm.",
        by_hand(hand=Hand("llm.model.layers.{layer}.mlp.experts.{expert}.{projection}")),
        edits=(of_model(within_llm), in_model("llm."))),
    "unsloth_marker_grouped": case(
        "Packed adapter whose configuration says lora_B_layout grouped_by_expert: the columns of B "
        "are e*r+j", marked("grouped_by_expert")),
    "unsloth_marker_rank_major": case(
        "Packed adapter whose configuration says lora_B_layout rank_major: the columns of B are "
        "j*E+e, PEFT's order", marked("rank_major")),
    "zero3_empty": case(
        "Every tensor has the shape (0): saved from a partitioned model without gathering",
        by_hand(), expects="error: shape", edits=(empty(),)),
}
