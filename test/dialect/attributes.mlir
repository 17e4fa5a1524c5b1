// RUN: moelora-opt %s | moelora-opt | FileCheck %s

// Only what differs from the defaults is printed.
// CHECK-LABEL: @routers
// CHECK-SAME: a = #moelora.router<top_k = 8, score = softmax, renormalize = sum>
// CHECK-SAME: b = #moelora.router<top_k = 8, score = sigmoid, bias_on = score, groups = 8, top_groups = 4, group_score = top2_sum, renormalize = sum, epsilon = 9.765625E-4, scale = 2.500000e+00>
// CHECK-SAME: c = #moelora.router<top_k = 1, score = identity, post = sigmoid, renormalize = pnorm, norm_p = 2.000000e+00, logit_scale = 5.000000e-01, softcap = 3.000000e+01>
func.func private @routers() attributes {
  a = #moelora.router<top_k = 8, score = softmax, renormalize = sum,
                      groups = 1, scale = 1.0>,
  b = #moelora.router<top_k = 8, score = sigmoid, bias_on = score, groups = 8,
                      top_groups = 4, group_score = top2_sum,
                      renormalize = sum, epsilon = 0.0009765625, scale = 2.5>,
  c = #moelora.router<score = identity, top_k = 1, post = sigmoid,
                      renormalize = pnorm, norm_p = 2.0, logit_scale = 0.5,
                      softcap = 30.0>}

// CHECK-LABEL: @activations
// CHECK-SAME: a = #moelora.act<silu, gated>
// CHECK-SAME: b = #moelora.act<silu, gated, clamp = pre, gate_max = 7.000000e+00, up_limit = 7.000000e+00, alpha = 1.702000e+00, up_offset = 1.000000e+00>
// CHECK-SAME: c = #moelora.act<relu2>
// CHECK-SAME: d = #moelora.act<gelu_tanh, gated, clamp = post, gate_max = 1.000000e+01, up_limit = 2.000000e+00>
func.func private @activations() attributes {
  a = #moelora.act<silu, gated>,
  b = #moelora.act<silu, gated, clamp = pre, gate_max = 7.0, up_limit = 7.0,
                   alpha = 1.702, up_offset = 1.0>,
  c = #moelora.act<relu2>,
  d = #moelora.act<gelu_tanh, gated, up_limit = 2.0, gate_max = 10.0,
                   clamp = post>}
