// RUN: moelora-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expects top_k and groups to be in [1, 1048576], but top_k is 0 and groups is 1}}
#a = #moelora.router<top_k = 0, score = softmax>

// -----

// expected-error @below {{expects top_k and groups to be in [1, 1048576], but top_k is 4294967297 and groups is 1}}
#a = #moelora.router<top_k = 4294967297, score = softmax>

// -----

// expected-error @below {{expects top_k and groups to be in [1, 1048576], but top_k is 1 and groups is 9223372036854775807}}
#a = #moelora.router<top_k = 1, score = softmax, groups = 9223372036854775807>

// -----

// The largest number that text can hold ends there.
// expected-error @below {{integer value too large}}
// expected-error @below {{failed to parse MoELoRA_RouterAttr parameter 'top_k'}}
#a = #moelora.router<top_k = 18446744073709551616, score = softmax>

// -----

// expected-error @below {{expects top_groups to be in [1, groups], but top_groups is 3 and groups is 2}}
#a = #moelora.router<top_k = 1, score = softmax, groups = 2, top_groups = 3>

// -----

// expected-error @below {{expects group_fill_zero to be 0 or 1, but it is 2}}
#a = #moelora.router<top_k = 1, score = softmax, group_fill_zero = 2>

// -----

// expected-error @below {{expects epsilon to be finite and not negative}}
#a = #moelora.router<top_k = 1, score = softmax, epsilon = -1.0>

// -----

// expected-error @below {{expects norm_p to be positive, but it is 0}}
#a = #moelora.router<top_k = 1, score = softmax, renormalize = pnorm, norm_p = 0.0>

// -----

// expected-error @below {{expects softcap to be finite and not negative}}
#a = #moelora.router<top_k = 1, score = softmax, softcap = -30.0>

// -----

// expected-error @below {{expects always to be in [0, top_k), but always is 2 and top_k is 2}}
#a = #moelora.router<top_k = 2, score = softmax, always = 2>

// -----

// expected-error @below {{expects always to be in [0, top_k), but always is -1 and top_k is 2}}
#a = #moelora.router<top_k = 2, score = softmax, always = -1>

// -----

// expected-error @below {{expects logits, scores and weights to be rounded to bf16, f16 or f32, but a type is 'f64'}}
#a = #moelora.router<top_k = 2, score = softmax, logit_type = f64>

// -----

// expected-error @below {{expects logits, scores and weights to be rounded to bf16, f16 or f32, but a type is 'i32'}}
#a = #moelora.router<top_k = 2, score = softmax, score_type = i32>

// -----

// expected-error @below {{expects logits, scores and weights to be rounded to bf16, f16 or f32, but a type is 'tensor<?xbf16>'}}
#a = #moelora.router<top_k = 2, score = softmax, weight_type = tensor<?xbf16>>

// -----

// expected-error @below {{expects limits to come with a clamp, but clamp is none}}
#a = #moelora.act<silu, gated, gate_max = 7.0>

// -----

// expected-error @below {{expects a clamp to be on a gated activation}}
#a = #moelora.act<silu, clamp = pre, gate_max = 7.0, up_limit = 7.0>

// -----

// expected-error @below {{expects a clamp to have positive limits, but gate_max is 7.000000e+00 and up_limit is 0.000000e+00}}
#a = #moelora.act<silu, gated, clamp = pre, gate_max = 7.0>

// -----

// expected-error @below {{expects alpha to be on silu, but the function is gelu}}
#a = #moelora.act<gelu, gated, alpha = 1.702>

// -----

// expected-error @below {{expects up_offset to be on a gated activation}}
#a = #moelora.act<silu, up_offset = 1.0>

// -----

// expected-error @below {{unknown field 'limit' of an activation}}
#a = #moelora.act<silu, gated, limit = 1.0>

// -----

// expected-error @below {{expects soft caps to be finite and not negative, but gate_cap is -1.000000e+00 and up_cap is 0.000000e+00}}
#a = #moelora.act<silu, gated, gate_cap = -1.0>

// -----

// expected-error @below {{expects soft caps to be finite and not negative, but gate_cap is 0.000000e+00 and up_cap is INF}}
#a = #moelora.act<silu, gated, up_cap = 0x7FF0000000000000>

// -----

// expected-error @below {{expects soft caps to be on a gated silu, but the function is plain silu}}
#a = #moelora.act<silu, gate_cap = 4.0>

// -----

// expected-error @below {{expects soft caps to be on a gated silu, but the function is gated gelu_tanh}}
#a = #moelora.act<gelu_tanh, gated, up_cap = 25.0>
