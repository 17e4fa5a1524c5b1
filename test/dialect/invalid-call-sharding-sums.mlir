// The open form of a call refuses layers whose parts do not add up to them.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %n: tensor<64xf32> {moelora.role = #moelora.role<output_norm_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %s = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  %o = moelora.rms_norm %s weight(%n : tensor<64xf32>) {epsilon = 1.0e-06 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @norm(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>, %a3: tensor<64xf32>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[], [], [0]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects a layer whose 1 x 2 parts add up to it, but @given has an output_norm_weight, whose norm is that of the whole sum}}
  %y = moelora.call @given(%a0, %a1, %d, %a3)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>, tensor<64xf32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
shard.grid @grid(shape = 2x2)
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x32x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %li: tensor<1x32x64xbf16> {moelora.role = #moelora.role<latent_in_weight>},
    %lo: tensor<1x64x32xbf16> {moelora.role = #moelora.role<latent_out_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %all = moelora.dispatch -> !one
  %u = moelora.expert_gemm gather %x by %all, %li
    : tensor<?x64xbf16>, !one, tensor<1x32x64xbf16> -> tensor<?x32xf32>
  %v = moelora.combine %u by %all : tensor<?x32xf32>, !one -> tensor<?x32xbf16>
  %y = moelora.expert_gemm gather %v by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<4x32x32xbf16> -> tensor<?x32xf32>
  %s = moelora.combine %y by %plan : tensor<?x32xf32>, !plan -> tensor<?x32xbf16>
  %z = moelora.expert_gemm gather %s by %all, %lo
    : tensor<?x32xbf16>, !one, tensor<1x64x32xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %z by %all : tensor<?x64xf32>, !one -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @latent(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x32x32xbf16>, %a3: tensor<1x32x64xbf16>, %a4: tensor<1x64x32xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[0], [], [1]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x32x32xbf16>
  // expected-error @below {{'moelora.call' op expects a layer whose 2 x 2 parts add up to it, but @given has a latent_out_weight, which multiplies the whole sum}}
  %y = moelora.call @given(%a0, %a1, %d, %a3, %a4)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x32x32xbf16>, tensor<1x32x64xbf16>, tensor<1x64x32xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids {zero_experts = 2} : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %iw = moelora.identity_weight %ids, %w from 4 to 6
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %o = moelora.combine %y by %plan, %w
    identity(%x, %iw : tensor<?x64xbf16>, tensor<?x1xf32>)
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @identity(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<?x2xf32>, %a3: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[], [], [0]] : !shard.sharding
  %d = shard.shard %a3 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects a layer whose 1 x 2 parts add up to it, but @given has identity rows of zero experts, which every part would add}}
  %y = moelora.call @given(%a0, %a1, %a2, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids {zero_experts = 2} : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @zero_experts(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects a layer whose 2 x 1 parts add up to it, but @given has 2 zero experts, whose ids follow those of all 4 experts}}
  %y = moelora.call @given(%a0, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16>
    attributes {grid = #moelora.grid<dp = 1, ep = 1, tp = 2>} {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %p = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xf32>
  %s = moelora.reduce %p over <tp> : tensor<?x64xf32>
  %o = moelora.finish %s : tensor<?x64xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @closed(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[], [], [0]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects a layer whose 1 x 2 parts add up to it, but @given is the part of one rank already}}
  %y = moelora.call @given(%a0, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
