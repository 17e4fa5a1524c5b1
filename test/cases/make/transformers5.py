# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cases of transformers 5: packed adapters, per-expert 2-D ones, and those that
PEFT converts and saves again."""
from case import Adapter, Case, Hand, Versions, without
from edits import of_model
from transformers4 import MODULES, lora

COMMON = dict(
    hidden_size=64, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=8, vocab_size=32, max_position_embeddings=64, pad_token_id=0,
    bos_token_id=1, eos_token_id=2, tie_word_embeddings=True)
ONE_LAYER = dict(COMMON, num_hidden_layers=1)
LATENT_ATTENTION = dict(
    COMMON, num_key_value_heads=2, q_lora_rank=8, kv_lora_rank=8, qk_nope_head_dim=8,
    qk_rope_head_dim=8, v_head_dim=8)
DEEPSEEK_V4 = dict(
    COMMON, hc_mult=2, head_dim=16, index_head_dim=8, index_n_heads=2, index_topk=4,
    layer_types=["sliding_attention"] * 2, mlp_layer_types=["hash_moe", "moe"], n_routed_experts=8,
    num_experts_per_tok=3, o_groups=2, o_lora_rank=8, partial_rotary_factor=0.5, q_lora_rank=8,
    qk_rope_head_dim=8)
DEEPSEEK_V4.pop("intermediate_size")
QWEN3 = dict(COMMON, num_local_experts=4, num_experts_per_tok=2, moe_intermediate_size=16,
             norm_topk_prob=True)
MIXTRAL = dict(COMMON, hidden_size=32, intermediate_size=24, num_local_experts=4,
               num_experts_per_tok=2)
LINEAR_ATTENTION = dict(linear_key_head_dim=8, linear_num_key_heads=1, linear_num_value_heads=1,
                        linear_value_head_dim=8)
# Of transformers 5.24, without tied embeddings.
LATER = dict(COMMON, num_attention_heads=4, num_key_value_heads=2, intermediate_size=24,
             moe_intermediate_size=12, tie_word_embeddings=False)

BOTH = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
FOLDED = ("expert_weights include renormalisation and the routed scaling factor (folded in by the "
          "router)")


def packed(rank, alpha, parameters, dtype="bfloat16", modules=(), **more):
    return lora(rank, alpha, list(modules), dtype, target_parameters=parameters, **more)


def three(only, ranks=((4, 6), (8, 4), (3, 5)), path="mlp.experts", first="gate_up_proj",
          stabilized=1, last="bfloat16"):
    """Both parameters, both in f32 (of these two one with rsLoRA), and one."""
    both = [f"{path}.{first}", f"{path}.down_proj"]
    use = [dict(use_rslora=True) if number == stabilized else {} for number in range(2)]
    return {"a": packed(*ranks[0], both, **use[0]),
            "b": packed(*ranks[1], both, "float32", **use[1]),
            "c": packed(*ranks[2], [f"{path}.{only}"], last)}


def by_hand(rank, alpha, modules, names=Hand.names, projections=None, layers=(0, 1),
            writer="by_hand", **more):
    hand = Hand(names, projections or dict(zip(MODULES, MODULES)), layers=layers, keys="older")
    config = dict(r=rank, lora_alpha=alpha, target_modules=modules, task_type="CAUSAL_LM", **more)
    return Adapter(config, "float32", writer, hand)


def mixtral_by_hand(rank, alpha, **more):
    return by_hand(rank, alpha, ["w1", "w2", "w3"],
                   "model.layers.{layer}.block_sparse_moe.experts.{expert}.{projection}",
                   {"gate_proj": "w1", "down_proj": "w2", "up_proj": "w3"}, **more)


def case(model, settings, adapters, notes, **more):
    return Case(model, settings, adapters, notes, Versions("5.23.0", "0.21.2"), routing=True,
                **more)


def later(model, settings, adapters, notes, **more):
    """One layer of a model, by transformers 5.24."""
    return Case(model, settings, adapters, notes, Versions("5.24.0", "0.21.2"),
                layer=1, keep=r"layers\.1\.mlp\.", options={"max_rank": 96}, **more)


def f32_gate(model, settings, notes, **more):
    return later(model, dict(settings, num_experts_per_tok=1), {"a0_both": packed(5, 16, BOTH)},
                 notes, in_f32=("gate.weight",), near=True, **more)


NEAR_DEEPSEEK = dict(LATENT_ATTENTION, hidden_size=136, intermediate_size=24,
                     tie_word_embeddings=False, num_attention_heads=4,
                     moe_intermediate_size=12, n_routed_experts=16, n_shared_experts=1,
                     first_k_dense_replace=1)

TRANSFORMERS5 = {
    "deepseek_f32gate_near": f32_gate(
        "deepseek_v2", NEAR_DEEPSEEK,
        "deepseek_v2_f32gate_near under the model_type of the first generation, which computes the "
        "same here: the row has a router of the layer's type, the file one in F32, which decides",
        edits=(of_model(lambda config: {
            **config, "model_type": "deepseek", "architectures": ["DeepseekForCausalLM"]}),)),
    "deepseek_v2": case(
        "deepseek_v2",
        dict(LATENT_ATTENTION, moe_intermediate_size=24, n_routed_experts=8,
             first_k_dense_replace=1, num_experts_per_tok=3),
        three("gate_up_proj"), "Softmax, greedy top-3, no renormalisation, two shared experts "
        f"stored as one of width 2I. {FOLDED}"),
    "deepseek_v2_f32gate_near": f32_gate(
        "deepseek_v2", NEAR_DEEPSEEK, "transformers 5.24 keeps gate.weight in F32 and saves it so: "
        "computing it in bf16 chooses other experts"),
    "deepseek_v3": case(
        "deepseek_v3",
        dict(LATENT_ATTENTION, moe_intermediate_size=32, n_routed_experts=8, n_group=4,
             topk_group=2, first_k_dense_replace=1, num_experts_per_tok=3),
        three("down_proj", ((4, 6), (16, 4), (3, 5))), "Sigmoid plus selection bias, 4 groups top "
        f"2, renormalised, scale 2.5, one shared expert. {FOLDED}"),
    "deepseek_v4": case(
        "deepseek_v4", dict(DEEPSEEK_V4, hidden_size=48, moe_intermediate_size=20),
        three("gate_up_proj"), "sqrt(softplus) plus selection bias, renormalised, scale 1.5, limit "
        f"10, shared expert. {FOLDED}; swiglu_limit clamps the routed and the shared experts",
        larger={"gate_up_proj": 8.0}),
    "deepseek_v4_hash": case(
        "deepseek_v4", dict(DEEPSEEK_V4, hidden_size=32, moe_intermediate_size=16),
        three("down_proj", ((2, 6), (4, 3), (3, 5))), "Expert choice by token id (tid2eid table, "
        f"io's token_ids); weights still from the gate's scores. {FOLDED}; swiglu_limit clamps the "
        "routed and the shared experts", layer=0, larger={"gate_up_proj": 8.0}),
    "gemma4": case(
        "gemma4_text",
        dict(without(ONE_LAYER, "tie_word_embeddings"),
             enable_moe_block=True, hidden_size_per_layer_input=0, per_layer_config={},
             moe_intermediate_size=24, num_experts=8, top_k_experts=3,
             layer_types=["full_attention"], vocab_size_per_layer_input=32),
        three("down_proj", path="experts"), "gelu-tanh gated; softmax, top-3, renormalised, times "
        "per_expert_scale. the block is the experts module alone: hidden is its input, "
        "router_hidden is the residual the router reads (the router norms and scales it before its "
        "linear), expected is the sum before post_feedforward_layernorm_2; expert_weights include "
        "per_expert_scale"),
    "glm4_moe": case(
        "glm4_moe",
        dict(COMMON, moe_intermediate_size=24, n_routed_experts=8, num_experts_per_tok=3),
        three("gate_up_proj", ((4, 6), (8, 4), (5, 3))),
        f"Sigmoid plus selection bias, one group, renormalised, shared expert. {FOLDED}"),
    "gpt_oss": case(
        "gpt_oss",
        dict(ONE_LAYER, hidden_size=32, intermediate_size=32, num_local_experts=8,
             num_experts_per_tok=4, layer_types=["full_attention"]),
        {"both": packed(4, 8, BOTH), "down_only": packed(3, 5, BOTH[1:], "float32"),
         "rs": packed(8, 6, BOTH, use_rslora=True)},
        "H == I: the layout of down_only cannot be told from shapes (natural). Interleaved gate "
        "and up, biases, top-4 of logits then softmax. router_logits include the router's bias; "
        "some gate and up values pass the clamp", options={"layout": {"down_only": "natural"}},
        larger={"gate_up_proj": 4.0, "gate_up_proj_bias": 10.0}),
    "hy_v3": case(
        "hy_v3",
        dict(COMMON, hidden_size=48, moe_intermediate_size=24, num_experts=8,
             num_experts_per_tok=3, mlp_layer_types=["dense", "sparse"]),
        three("down_proj"), "Sigmoid plus selection bias (a buffer of the block), renormalised, "
        f"scale 2.826, shared expert. {FOLDED}"),
    "hy_v3_f32gate_near": f32_gate(
        "hy_v3",
        dict(LATER, hidden_size=40, moe_intermediate_size=20, num_experts=33,
             mlp_layer_types=["dense", "sparse"]),
        "transformers 5.24 keeps gate.weight of many families in F32 and saves it so: computing it "
        "in bf16 chooses other experts"),
    "lara_mini_raw": later(
        "lara_mini",
        dict(without(LATER, "intermediate_size", "moe_intermediate_size", "tie_word_embeddings"),
             **LINEAR_ATTENTION, hidden_size=136, moe_intermediate_size=44, num_experts=5,
             num_experts_per_tok=3, shared_expert_intermediate_size=12, norm_topk_prob=False,
             layer_types=["full_attention", "sliding_attention"]),
        {"a0_both": packed(17, 2, BOTH),
         "a1_reversed": packed(1, 24, [f"layers.1.{name}" for name in BOTH[::-1]], "float32",
                               use_rslora=True),
         "a2_router": packed(5, 1, ["mlp.gate.weight"], use_rslora=True),
         "a3_first_router_linears": packed(
             17, 16, [f"layers.1.{BOTH[0]}", "layers.1.mlp.gate.weight"], "float16",
             [f"layers.1.mlp.shared_expert.{name}" for name in MODULES],
             alpha_pattern={"down_proj": 5})},
        "lara_mini, new in transformers 5.24: softmax, norm_topk_prob, one ungated shared_expert",
        dtype="float16"),
    "lfm2_moe": case(
        "lfm2_moe",
        dict(without(COMMON, "head_dim"),
             moe_intermediate_size=24, num_experts=8, num_experts_per_tok=3, num_dense_layers=1,
             layer_types=["conv", "full_attention"]),
        three("gate_up_proj", path="feed_forward.experts"), "Sigmoid plus selection bias (a buffer "
        f"of the block), renormalised with +1e-6. {FOLDED}"),
    "llama4": case(
        "llama4_text",
        dict(COMMON, intermediate_size=48, intermediate_size_mlp=16, num_local_experts=4,
             layer_types=["chunked_attention"] * 2, moe_layers=[1], no_rope_layers=[1, 1]),
        three("gate_up_proj", path="feed_forward.experts", last="float32"), "Top-1, sigmoid after "
        "top-k, weight on input, shared expert; PEFT >= 0.19.1 writes the transposed roles: "
        "gate_up A (E*r, 2I), B (H, E*r). weight on input: expert_weights multiply the expert's "
        "input, not its output"),
    "longcat_flash": case(
        "longcat_flash",
        dict(without(LATENT_ATTENTION, "num_hidden_layers", "intermediate_size"),
             hidden_size=48, ffn_hidden_size=16, expert_ffn_hidden_size=24, num_layers=1,
             n_routed_experts=6, zero_expert_num=3, moe_topk=3),
        three("down_proj"), "Softmax plus selection bias, three zero-computation experts, scale 6. "
        "expert ids >= n_routed_experts are zero-computation experts: identity, y = x; "
        "gate_up_proj (and its adapter) has n_routed_experts + zero_expert_num entries, down_proj "
        "n_routed_experts; no renormalisation, scaling folded in"),
    "minimax_m2": case(
        "minimax_m2",
        dict(ONE_LAYER, intermediate_size=48, num_local_experts=8, num_experts_per_tok=3),
        three("gate_up_proj"),
        "Sigmoid plus selection bias (a buffer of the block), always renormalised, no scaling"),
    "mixtral": case(
        "mixtral", dict(ONE_LAYER, intermediate_size=48, num_local_experts=8),
        three("down_proj", ((4, 6), (8, 4), (16, 24))),
        "Softmax, top-2, always renormalised; hub tensor names differ from module names"),
    "mixtral_2d": case(
        "mixtral", MIXTRAL,
        {"w123": mixtral_by_hand(4, 6), "w123_r1": mixtral_by_hand(1, 2)},
        "Per-expert 2-D adapter files with w1/w3/w2 names"),
    "mixtral_resaved": case(
        "mixtral", MIXTRAL,
        {"w123": mixtral_by_hand(4, 6, writer="saved_again"),
         "by_module_rs": lora(2, 3, ["w1", "w2", "w3"], "float32", use_rslora=True)},
        "2-D file loaded and saved again; by_module_rs: rsLoRA with the doubled rank, so its "
        "gate_up scale is 2*alpha/sqrt(2*r)"),
    "nemotron_h": case(
        "nemotron_h",
        dict(without(COMMON, "num_hidden_layers", "intermediate_size"),
             layers_block_type=["full_attention", "moe"], moe_intermediate_size=48,
             moe_shared_expert_intermediate_size=40, num_experts_per_tok=3,
             routed_scaling_factor=2.5),
        three("up_proj", path="mixer.experts", first="up_proj"), "relu^2, non-gated (parameters "
        f"up_proj and down_proj), shared expert of another width, scale 2.5. {FOLDED}"),
    "olmoe": case(
        "olmoe",
        dict(without(ONE_LAYER, "head_dim"),
             intermediate_size=32, num_key_value_heads=2, num_experts=8, num_experts_per_tok=4),
        {"both": packed(4, 6, BOTH), "gate_up_only": packed(8, 16, BOTH[:1], "float32"),
         "rs": packed(3, 5, BOTH, "float32", use_rslora=True)},
        "H == 2I: the layout of gate_up_only cannot be told from shapes (written by PEFT 0.21.2: "
        "natural). Softmax then top-4, no renormalisation"),
    "qwen3_5_moe": case(
        "qwen3_5_moe_text",
        dict(without(ONE_LAYER, "intermediate_size"),
             **LINEAR_ATTENTION, moe_intermediate_size=24, num_experts=8, num_experts_per_tok=3,
             shared_expert_intermediate_size=40, layer_types=["full_attention"]),
        three("gate_up_proj"), "Softmax, top-3, always renormalised, sigmoid-gated shared expert"),
    "qwen3_moe": case(
        "qwen3_moe",
        dict(QWEN3, num_local_experts=8, moe_intermediate_size=24, mlp_only_layers=[0]),
        {"alpha": packed(4, 8, BOTH), "beta": packed(8, 12, BOTH, use_rslora=True),
         "gamma": packed(3, 5, BOTH[:1], "float32"),
         "delta": packed(6, 9, BOTH, modules=["q_proj", "v_proj"], rank_pattern={"down_proj": 5},
                         alpha_pattern={"gate_up_proj": 7})},
        "Softmax, top-2, renormalised; rank_pattern and alpha_pattern on expert parameters; "
        "attention tensors in one adapter"),
    "qwen3_moe_2d": case(
        "qwen3_moe", dict(QWEN3, hidden_size=48),
        {"two_d": by_hand(4, 8, MODULES),
         "two_d_layer0": by_hand(2, 5, MODULES, layers=(0,), layers_to_transform=[0]),
         "packed": packed(3, 4, BOTH, "float32")},
        "Per-expert 2-D adapter files as transformers v4 users have; one holds only layer 0 (no "
        "delta here)"),
    "qwen3_moe_layers": case(
        "qwen3_moe", dict(QWEN3, hidden_size=32, norm_topk_prob=False),
        {"everywhere": packed(2, 3, BOTH, "float32"),
         "elsewhere": packed(4, 6, [f"layers.0.{name}" for name in BOTH], "float32"),
         "ignored_filter": packed(3, 4, BOTH, "float32", layers_to_transform=[0])},
        "Two MoE layers: one adapter names only the other layer (no delta here); one has "
        "layers_to_transform=[0], which PEFT does not apply to target_parameters (its tensors for "
        "this layer exist and count)"),
    "qwen3_moe_resaved": case(
        "qwen3_moe", dict(QWEN3, hidden_size=48, mlp_only_layers=[0]),
        {"resaved": by_hand(4, 8, MODULES, layers=(1,), writer="saved_again"),
         "resaved_odd": by_hand(3, 2, MODULES, layers=(1,), writer="saved_again"),
         "by_module": lora(2, 3, MODULES, "float32")},
        "2-D files loaded and saved again: gate_up has rank 2r, block-diagonal B, "
        "rank_pattern/alpha_pattern; by_module was made on v5 with target_modules and has the same "
        "form with a dense B"),
    "qwen3_next": case(
        "qwen3_next",
        dict(COMMON, **LINEAR_ATTENTION, hidden_size=48, moe_intermediate_size=16, num_experts=16,
             num_experts_per_tok=10, shared_expert_intermediate_size=24, mlp_only_layers=[0],
             layer_types=["full_attention"] * 2),
        three("down_proj", ((4, 6), (2, 4), (3, 5)), stabilized=0),
        "Softmax, top-10, renormalised, sigmoid-gated shared expert"),
    "sarvam_moe_raw": later(
        "sarvam_moe",
        dict(LATER, hidden_size=136, n_routed_experts=7, num_experts_per_tok=4,
             norm_topk_prob=False, routed_scaling_factor=0.5),
        {"a0_both": packed(2, 3, BOTH, "float32", use_rslora=True,
                           alpha_pattern={r"experts\.gate_up_proj": 11}),
         "a1_reversed": packed(40, 7, BOTH[::-1], "float32"),
         "a2_both_router": packed(1, 16, [*BOTH, "mlp.gate.weight"], "float16", use_rslora=True),
         "v4": Adapter(
             dict(r=40, lora_alpha=33, use_rslora=True, target_modules=MODULES,
                  rank_pattern={"down_proj": 3, r"experts\.1\.gate_proj": 4},
                  alpha_pattern={r"\d+\.up_proj": 9}, task_type="CAUSAL_LM"), "bfloat16",
             "by_hand", Hand(layers=(1,), experts=(1, 3, 4, 5, 6), keys="installed"))},
        "sarvam_moe, new in transformers 5.24: like glm4_moe, the selection bias is "
        "mlp.gate.expert_bias", dtype="float16", in_f32=("gate.weight",)),
}
