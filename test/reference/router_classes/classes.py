# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The router classes that record.py records, and what their parts are called."""

TOKENS, HIDDEN, EXPERTS, TOP_K = 6, 8, 8, 3

# Sizes under all of their names; a config class takes those that it knows.
SIZES = {
    "hidden_size": HIDDEN, "d_model": HIDDEN, "moe_hidden_size": HIDDEN,
    "num_experts": EXPERTS, "num_local_experts": EXPERTS,
    "n_routed_experts": EXPERTS, "moe_num_experts": EXPERTS,
    "num_experts_per_tok": TOP_K, "top_k_experts": TOP_K,
    "moe_topk": TOP_K, "moe_top_k": TOP_K, "moe_k": TOP_K,
    "num_hidden_layers": 6, "num_layers": 6, "vocab_size": 32,
    "intermediate_size": 8, "moe_intermediate_size": 8,
    "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 4,
    "n_group": 4, "topk_group": 2,
}

# Class: what its config needs beside SIZES (`set`), and its name where the
# constructor does not say (`config`). `times`: the config's key of what the
# block multiplies the routed sum by, behind the router.
CLASSES = {
    "afmoe.AfmoeTokenChoiceRouter": {},
    "aria.AriaTextTopKRouter": {},
    "axk1.AXK1TopkRouter": {},
    "axk2.AXK2TopkRouter": {},
    "bailing_hybrid.BailingHybridTopkRouter": {},
    "beam.BeamTopKRouter": {"times": "routed_scaling_factor"},
    "cohere2_moe.Cohere2MoeTopKRouter": {},
    "dbrx.DbrxRouter": {"config": "DbrxConfig"},
    "deepseek_ocr2.DeepseekOcr2TextTopkRouter": {},
    "deepseek_v2.DeepseekV2TopkRouter": {},
    "deepseek_v3.DeepseekV3TopkRouter": {},
    "deepseek_v32.DeepseekV32TopkRouter": {},
    "deepseek_v4.DeepseekV4TopKRouter": {},
    "deepseek_v4.DeepseekV4HashRouter": {},
    "diffusion_gemma.DiffusionGemmaTextRouter": {},
    "dots1.Dots1TopkRouter": {},
    "dots3_note.Dots3NoteTextTopkRouter": {},
    "ernie4_5_moe.Ernie4_5_MoeTopKRouter": {},
    "exaone_moe.ExaoneMoeTopkRouter": {},
    "flex_olmo.FlexOlmoTopKRouter": {},
    "flint.FlintTopKRouter": {},
    "gemma4.Gemma4TextRouter": {"set": {"enable_moe_block": True}},
    "glm4_moe.Glm4MoeTopkRouter": {},
    "glm4_moe_lite.Glm4MoeLiteTopkRouter": {},
    "glm4v_moe.Glm4vMoeTextTopkRouter": {},
    "glm5_next.Glm5NextTextTopkRouter": {},
    "glm_moe_dsa.GlmMoeDsaTopkRouter": {},
    "gpt_oss.GptOssTopKRouter": {},
    "granitemoe.GraniteMoeTopKRouter": {},
    "granitemoe_swa.GraniteMoeSWATopKRouter": {},
    "granitemoehybrid.GraniteMoeHybridTopKRouter":
        {"set": {"mamba_n_heads": 2, "mamba_d_head": 8}},
    "granitemoeshared.GraniteMoeSharedTopKRouter": {},
    "hunyuan_v1_moe.HunYuanMoEV1Gate": {},
    "hy_v3.HYV3TopKRouter": {},
    "hy_v4.HYV4TopkRouter": {},
    "inkling.InklingTopkRouter": {},
    "inkling2.Inkling2TopKRouter": {"config": "Inkling2TextConfig"},
    "jamba.JambaTopKRouter": {},
    "kimi_linear.KimiLinearTopkRouter": {},
    "kolibri1.Kolibri1TopKRouter": {},
    "laguna.LagunaTopKRouter": {"times": "moe_routed_scaling_factor"},
    "lfm2_moe.Lfm2MoeTopKRouter": {},
    "llama4.Llama4Router": {},
    "longcat_flash.LongcatFlashTopkRouter": {"set": {"zero_expert_num": 4}},
    "mellum.MellumTopKRouter": {},
    "mimo_v2_flash.MiMoV2FlashTopkRouter": {},
    "minimax.MiniMaxTopKRouter": {},
    "minimax_m2.MiniMaxM2TopKRouter": {},
    "minimax_m3_vl.MiniMaxM3VLTopKRouter": {"times": "routed_scaling_factor"},
    "mistral4.Mistral4TopkRouter": {},
    "mistral_large4.MistralLarge4TextTopkRouter": {},
    "mixtral.MixtralTopKRouter": {},
    "nemotron_h.NemotronHTopkRouter": {},
    "olmoe.OlmoeTopKRouter": {},
    "openai_privacy_filter.OpenAIPrivacyFilterTopKRouter":
        {"times": "num_experts_per_tok"},
    "qwen2_moe.Qwen2MoeTopKRouter": {},
    "qwen3_5_moe.Qwen3_5MoeTopKRouter": {},
    "qwen3_moe.Qwen3MoeTopKRouter": {},
    "qwen3_next.Qwen3NextTopKRouter": {},
    "qwen3_omni_moe.Qwen3OmniMoeThinkerTextTopKRouter": {},
    "qwen3_vl_moe.Qwen3VLMoeTextTopKRouter": {},
    "qwen4_exp.Qwen4ExpTextTopKRouter": {},
    "solar_open.SolarOpenTopkRouter": {},
    "step3p7.Step3p7TopKRouter": {"times": "moe_router_scaling_factor"},
}

# The router's tensors by what they are to moelora.
NAMES = {
    "weight": "router_weight", "layer.weight": "router_weight",
    "proj.weight": "router_weight", "gate.weight": "router_weight",
    "wg.weight": "router_weight", "classifier.weight": "router_weight",
    "bias": "router_bias", "e_score_correction_bias": "selection_bias",
    "moe_statics.e_score_correction_bias": "selection_bias",
    "scale": "router_norm_weight", "per_expert_scale": "expert_scale",
    "tid2eid": "token_table",
}
