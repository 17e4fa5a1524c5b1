// RUN: moelora-opt %s | moelora-opt | FileCheck %s

// Only what differs from the defaults is printed.
// CHECK-LABEL: @routers
// CHECK-SAME: a = #moelora.router<top_k = 8, score = softmax, renormalize = sum>
// CHECK-SAME: b = #moelora.router<top_k = 8, score = sigmoid, bias_on = score, groups = 8, top_groups = 4, group_score = top2_sum, renormalize = sum, epsilon = 9.765625E-4, scale = 2.500000e+00>
// CHECK-SAME: c = #moelora.router<top_k = 1, score = identity, post = sigmoid, renormalize = pnorm, norm_p = 2.000000e+00, logit_scale = 5.000000e-01, softcap = 3.000000e+01>
// CHECK-SAME: d = #moelora.router<top_k = 3, score = softmax, always = 1, logit_type = bf16, score_type = f16, weight_type = f32>
func.func private @routers() attributes {
  a = #moelora.router<top_k = 8, score = softmax, renormalize = sum,
                      groups = 1, scale = 1.0>,
  b = #moelora.router<top_k = 8, score = sigmoid, bias_on = score, groups = 8,
                      top_groups = 4, group_score = top2_sum,
                      renormalize = sum, epsilon = 0.0009765625, scale = 2.5>,
  c = #moelora.router<score = identity, top_k = 1, post = sigmoid,
                      renormalize = pnorm, norm_p = 2.0, logit_scale = 0.5,
                      softcap = 30.0>,
  d = #moelora.router<top_k = 3, score = softmax, weight_type = f32,
                      score_type = f16, logit_type = bf16, always = 1>}

// CHECK-LABEL: @activations
// CHECK-SAME: a = #moelora.act<silu, gated>
// CHECK-SAME: b = #moelora.act<silu, gated, clamp = pre, gate_max = 7.000000e+00, up_limit = 7.000000e+00, alpha = 1.702000e+00, up_offset = 1.000000e+00>
// CHECK-SAME: c = #moelora.act<relu2>
// CHECK-SAME: d = #moelora.act<gelu_tanh, gated, clamp = post, gate_max = 1.000000e+01, up_limit = 2.000000e+00>
// CHECK-SAME: e = #moelora.act<silu, gated, gate_cap = 4.000000e+00, up_cap = 2.500000e+01>
func.func private @activations() attributes {
  a = #moelora.act<silu, gated>,
  b = #moelora.act<silu, gated, clamp = pre, gate_max = 7.0, up_limit = 7.0,
                   alpha = 1.702, up_offset = 1.0>,
  c = #moelora.act<relu2>,
  d = #moelora.act<gelu_tanh, gated, up_limit = 2.0, gate_max = 10.0,
                   clamp = post>,
  e = #moelora.act<silu, gated, up_cap = 25.0, gate_cap = 4.0>}

// CHECK-LABEL: @roles
// CHECK-SAME: #moelora.role<token_table>
// CHECK-SAME: #moelora.role<expert_scale>
// CHECK-SAME: #moelora.role<router_norm_weight>
// CHECK-SAME: #moelora.role<latent_in_weight>
// CHECK-SAME: #moelora.role<latent_in_bias>
// CHECK-SAME: #moelora.role<latent_out_weight>
// CHECK-SAME: #moelora.role<latent_out_bias>
// CHECK-SAME: #moelora.role<shared_gate_up_bias>
// CHECK-SAME: #moelora.role<shared_down_bias>
// CHECK-SAME: #moelora.role<output_norm_weight>
// CHECK-SAME: #moelora.role<latent_in_adapters>
// CHECK-SAME: #moelora.role<latent_out_adapters>
func.func private @roles() attributes {
  a = #moelora.role<token_table>,
  b = #moelora.role<expert_scale>,
  c = #moelora.role<router_norm_weight>,
  d = #moelora.role<latent_in_weight>,
  e = #moelora.role<latent_in_bias>,
  f = #moelora.role<latent_out_weight>,
  g = #moelora.role<latent_out_bias>,
  h = #moelora.role<shared_gate_up_bias>,
  i = #moelora.role<shared_down_bias>,
  j = #moelora.role<output_norm_weight>,
  k = #moelora.role<latent_in_adapters>,
  l = #moelora.role<latent_out_adapters>}

// CHECK-LABEL: @schedules
// CHECK-SAME: a = #moelora.tile<tokens = 64, features = 128, k = 64, warps = 2 x 2, split_k = 1, stages = 4>
// CHECK-SAME: b = #moelora.tile<tokens = 8, features = 16, k = 16, warps = 1 x 1, split_k = 4, stages = 1>
// CHECK-SAME: c = #moelora.schedule<strategy = in_place, order = k, tiles = [<tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>, <tokens = 128, features = 256, k = 32, warps = 4 x 2, split_k = 1, stages = 3>]>
// CHECK-SAME: d = #moelora.schedule<strategy = unfused_peer, order = tile, tiles = [<tokens = 8, features = 32, k = 64, warps = 1 x 1, split_k = 4, stages = 4>, <tokens = 16, features = 32, k = 64, warps = 1 x 1, split_k = 1, stages = 4>]>
// CHECK-SAME: e = #moelora.cpu_schedule<rows = 48, group = 4>
func.func private @schedules() attributes {
  a = #moelora.tile<tokens = 64, features = 128, k = 64, warps = 2 x 2,
                    split_k = 1, stages = 4>,
  b = #moelora.tile<tokens = 8, features = 16, k = 16, warps = 1 x 1,
                    split_k = 4, stages = 1>,
  c = #moelora.schedule<strategy = in_place, order = k, tiles = [
    #moelora.tile<tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>,
    <tokens = 128, features = 256, k = 32, warps = 4 x 2, split_k = 1, stages = 3>]>,
  d = #moelora.schedule<strategy = unfused_peer, order = tile, tiles = [
    <tokens = 8, features = 32, k = 64, warps = 1 x 1, split_k = 4, stages = 4>,
    <tokens = 16, features = 32, k = 64, warps = 1 x 1, split_k = 1, stages = 4>]>,
  e = #moelora.cpu_schedule<rows = 48, group = 4>}
