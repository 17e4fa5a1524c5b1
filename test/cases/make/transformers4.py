# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of transformers 4.57.1, and of 5.0.0 with PEFT versions that write other
layouts: per-expert 2-D adapters and every packed layout."""
from case import Adapter, Case, Versions, without

COMMON = dict(
    hidden_size=64, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=2, head_dim=8, vocab_size=32, max_position_embeddings=64)
QWEN3 = dict(COMMON, moe_intermediate_size=24, num_experts=8, num_experts_per_tok=2,
             norm_topk_prob=True)
QWEN2 = dict(COMMON, moe_intermediate_size=32, num_experts=8, num_experts_per_tok=2,
             shared_expert_intermediate_size=40)
LATENT_ATTENTION = dict(COMMON, head_dim=4, q_lora_rank=8, kv_lora_rank=8, qk_nope_head_dim=4,
                        qk_rope_head_dim=4, v_head_dim=8)
GPT_OSS = dict(COMMON, intermediate_size=40, num_local_experts=8, num_experts_per_tok=2,
               layer_types=["full_attention"])
LLAMA4 = dict(COMMON, intermediate_size=40, intermediate_size_mlp=40, num_local_experts=8,
              layer_types=["chunked_attention"], moe_layers=[0], no_rope_layers=[1])
# Some gate and up values are beyond the clamp.
BEYOND = {"gate_up_proj": 4.0, "gate_up_proj_bias": 30.0}

MODULES = ["gate_proj", "up_proj", "down_proj"]
EXPERTS = r".*\.experts\.\d+\.(gate|up|down)_proj"


def lora(rank, alpha, modules, dtype="bfloat16", **more):
    return Adapter(dict(r=rank, lora_alpha=alpha, target_modules=modules, **more), dtype)


def packed(first="mlp.experts.gate_up_proj", last="mlp.experts.down_proj"):
    """Both parameters; both in the other order with a rank and an alpha of their
    own for the last; the last one alone."""
    end = ".".join(last.split(".")[-2:])
    return {
        "alice": lora(4, 10, [], "float32", target_parameters=[first, last]),
        "bob": lora(3, 5, [], use_rslora=True, target_parameters=[last, first],
                    rank_pattern={end: 2}, alpha_pattern={end: 7}),
        "carol": lora(2, 6, [], target_parameters=[last])}


def case(model, settings, adapters, notes, transformers="4.57.1", peft="0.17.1", **more):
    return Case(model, settings, adapters, notes, Versions(transformers, peft), routing=True,
                **more)


TRANSFORMERS4 = {
    "deepseek_v2": case(
        "deepseek_v2",
        dict(LATENT_ATTENTION, moe_intermediate_size=24, n_routed_experts=8, n_group=1,
             topk_group=1, num_experts_per_tok=2),
        {"alice": lora(4, 10, EXPERTS),
         "bob": lora(2, 3, r".*\.experts\.[1357]\.down_proj", "float32", use_rslora=True)},
        "softmax greedy, no renormalisation, two shared experts in one"),
    "deepseek_v3": case(
        "deepseek_v3",
        dict(LATENT_ATTENTION, num_hidden_layers=2, first_k_dense_replace=1,
             moe_intermediate_size=32, n_routed_experts=8, n_group=4, topk_group=2,
             num_experts_per_tok=3),
        {"alice": lora(8, 16, EXPERTS),
         "bob": lora(3, 4, MODULES, exclude_modules=".*shared_experts.*", layers_to_transform=1,
                     layers_pattern="layers")},
        "sigmoid, selection bias, 4 groups of which 2, renormalised, scale 2.5 folded into "
        "expert_weights, shared expert without adapter"),
    "ernie4_5_moe": case(
        "ernie4_5_moe",
        dict(COMMON, moe_intermediate_size=32, moe_num_experts=8, moe_k=2,
             moe_num_shared_experts=1, moe_layer_start_index=0, moe_layer_end_index=0),
        {"alice": lora(4, 10, EXPERTS),
         "bob": lora(3, 2, r".*\.experts\.\d\.(up|down)_proj", "float32", use_rslora=True)},
        "softmax plus a selection-only bias, renormalised, float32 router weights",
        in_f32=("gate.weight", "e_score_correction_bias")),
    "glm4_moe": case(
        "glm4_moe",
        dict(COMMON, num_hidden_layers=2, moe_intermediate_size=32, n_routed_experts=8,
             num_experts_per_tok=3),
        {"alice": lora(4, 10, EXPERTS),
         "bob": lora(8, 3, r".*\.experts\.\d\.(gate|down)_proj")},
        "sigmoid and selection bias in one group, shared expert"),
    "gpt_oss_p17": case(
        "gpt_oss", GPT_OSS, packed(),
        "packed, stored (E, in, out): A = (E*r, in), B = (out, E*r); interleaved, biases, some "
        "pre-activations beyond the clamp", larger=BEYOND),
    "gpt_oss_p190": case(
        "gpt_oss", GPT_OSS, packed(),
        "packed, stored (E, in, out) and marked is_transposed: PEFT 0.19.0 swaps, so the roles are "
        "transposed", "5.0.0", "0.19.0", larger=BEYOND),
    "gpt_oss_p191": case(
        "gpt_oss", GPT_OSS, packed(),
        "packed, stored (E, in, out) and marked is_transposed: natural", "5.0.0", "0.19.1",
        larger=BEYOND),
    "gpt_oss_p191_t457": case(
        "gpt_oss", GPT_OSS, packed(),
        "PEFT 0.19.1 with transformers 4.57, whose class is not marked is_transposed: the roles "
        "are transposed although the version says P191", "4.57.1", "0.19.1", larger=BEYOND),
    "gpt_oss_peft0212": case(
        "gpt_oss", dict(GPT_OSS, intermediate_size=28, num_local_experts=4), packed(),
        "packed, PEFT 0.21.2: as P191", "5.0.0", "0.21.2", larger=BEYOND),
    "granitemoe_p17": case(
        "granitemoe", dict(COMMON, intermediate_size=40),
        packed("block_sparse_moe.input_linear.weight", "block_sparse_moe.output_linear.weight"),
        "packed, stored (E, out, in): A = (E*r, out), B = (in, E*r), the roles are transposed; one "
        "parameter per module, so no base_layer in the names"),
    "llama4_p17": case(
        "llama4_text", LLAMA4,
        packed("feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj"),
        "packed, stored (E, in, out); weight on the input, top-1, shared expert; expert_weights "
        "multiply the input"),
    "llama4_p191": case(
        "llama4_text", LLAMA4,
        packed("feed_forward.experts.gate_up_proj", "feed_forward.experts.down_proj"),
        "PEFT 0.19.1, stored (E, in, out) but not marked is_transposed: transposed roles",
        "5.0.0", "0.19.1"),
    "mixtral": case(
        "mixtral", dict(COMMON, intermediate_size=48),
        {"alice": lora(4, 4, ["w2"], "float32"),
         "bob": lora(8, 6, ["w1", "w2", "w3"], rank_pattern={"experts.3.w2": 3, "w1": 4},
                     alpha_pattern={"experts.3.w2": 5, "w3": 20}),
         "carol": lora(16, 8, ["w1", "w3"])},
        "w1, w2, w3 names; only w2; a rank and an alpha of their own for one projection and one "
        "expert; rank 16"),
    "olmoe": case(
        "olmoe", dict(COMMON, num_experts=8, num_experts_per_tok=3),
        {"alice": lora(4, 9, MODULES, "float32"),
         "bob": lora(3, 3, ["up_proj", "down_proj"], "float16", use_rslora=True)},
        "softmax before top-k without renormalisation; H is 2I, which 2-D adapters do not mind"),
    "qwen2_moe": case(
        "qwen2_moe", without(QWEN2, "head_dim"),
        {"alice": lora(4, 10, EXPERTS),
         "bob": lora(8, 3, r".*\.experts\.[02]\.(gate|up)_proj", "float32")},
        "sigmoid-gated shared expert without adapter"),
    "qwen2_moe_routed_too": case(
        "qwen2_moe", without(QWEN2, "head_dim"),
        {"alice": lora(4, 6, "all-linear"), "bob": lora(3, 5, ["gate", "down_proj"])},
        "all-linear adapters change the router, the shared expert and its gate too: router_logits, "
        "expert_ids and expert_weights are those of each row's adapter"),
    "qwen3_moe": case(
        "qwen3_moe", dict(QWEN3, num_hidden_layers=2),
        {"alice": lora(8, 16, MODULES, layers_to_transform=[1], layers_pattern="layers"),
         "bob": lora(4, 12, r".*layers\.1\.mlp\.experts\.[0-3]\.(gate|up|down)_proj", "float32",
                     use_rslora=True),
         "carol": lora(3, 7, "all-linear", exclude_modules=["gate"]),
         "dave": lora(4, 8, MODULES, layers_to_transform=[0], layers_pattern="layers"),
         "erin": lora(2, 3, MODULES, "float32", layers_to_transform=[0, 5])},
        "names as a list, a regex over some experts with rsLoRA, all-linear without the router, an "
        "adapter of the other layer only, and layers_to_transform without layers_pattern, which "
        "PEFT compares with the expert's number: experts 0 and 5 of both layers"),
    "qwen3_moe_p17": case(
        "qwen3_moe", QWEN3, packed(), "packed, stored (E, out, in): the roles are transposed",
        "5.0.0", "0.18.0"),
    "qwen3_moe_p190": case(
        "qwen3_moe", QWEN3, packed(),
        "packed, stored (E, out, in), not marked is_transposed: still transposed roles",
        "5.0.0", "0.19.0"),
    "qwen3_moe_p191": case(
        "qwen3_moe", QWEN3, packed(),
        "packed, stored (E, out, in): natural, A = (E*r, in), B = (out, E*r)", "5.0.0", "0.19.1"),
    "qwen3_moe_p191_converted": case(
        "qwen3_moe", dict(QWEN3, hidden_size=48),
        {"alice": lora(4, 10, MODULES), "bob": lora(3, 2, MODULES, "float32", use_rslora=True)},
        "made with target_modules gate_proj, up_proj, down_proj, which newer PEFT turns into "
        "packed targets with twice the rank and twice the alpha for gate_up_proj, by patterns",
        "5.0.0", "0.19.1"),
    "qwen3_moe_peft0191": case(
        "qwen3_moe", dict(QWEN3, hidden_size=48),
        {"alice": lora(4, 16, MODULES),
         "bob": lora(3, 12, "all-linear", "float32", exclude_modules=["gate"], use_rslora=True)},
        "2-D adapters of a newer PEFT: more keys in adapter_config.json", "4.57.1", "0.19.1"),
    "qwen3_next": case(
        "qwen3_next",
        dict(hidden_size=64, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
             num_key_value_heads=2, head_dim=32, vocab_size=32, max_position_embeddings=64,
             moe_intermediate_size=24, num_experts=8, num_experts_per_tok=3,
             shared_expert_intermediate_size=24, layer_types=["full_attention"]),
        {"alice": lora(4, 10, EXPERTS), "bob": lora(20, 3, r".*\.experts\.[02]\.(gate|down)_proj")},
        "softmax, renormalised, sigmoid-gated shared expert"),
    "qwen3_vl_moe_p17": case(
        "qwen3_vl_moe",
        dict(text_config=dict(
            QWEN3, rope_scaling={"mrope_section": [2, 1, 1], "rope_type": "default"}),
            vision_config=dict(
                depth=1, hidden_size=16, intermediate_size=16, num_heads=2, out_hidden_size=64,
                patch_size=4, spatial_merge_size=2, temporal_patch_size=2,
                num_position_embeddings=16, deepstack_visual_indexes=[0])),
        packed(), "packed, stored (E, in, out); names below model.language_model"),
}
