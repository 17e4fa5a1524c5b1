// RUN: moelora-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expects top_k to be positive, but it is 0}}
#a = #moelora.router<top_k = 0, score = softmax>

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
