// Cuts whose parts do not add up to the layer.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --moelora-instantiate

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
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
func.func @host(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x32xbf16>, %a3: tensor<64xf32>) {
  // expected-error @below {{'moelora.call' op expects a layer whose 1 x 2 parts add up to it, but @given has an output_norm_weight, whose norm is that of the whole sum}}
  %y = moelora.call @given(%a0, %a1, %a2, %a3) cut = [1, 2]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x32xbf16>, tensor<64xf32>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %unused = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @two_plans(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<2x64x64xbf16>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects a layer whose 2 x 1 parts add up to it, but @given has several plans of expert ids}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [2, 1]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<2x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xf32> {moelora.role = #moelora.role<down_weight>},
    %map: tensor<1x8xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x64xf32> {
  %plan = moelora.dispatch %ids map(%map : tensor<1x8xi32>)
    : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xf32>, !plan, tensor<4x64x64xf32> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}
func.func @part_of_part(%a0: tensor<?x64xf32>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x32xf32>, %m: tensor<1x8xi32>) {
  // expected-error @below {{'moelora.call' op expects a layer whose 1 x 2 parts add up to it, but @given is the part of one rank already}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [1, 2]
    : (tensor<?x64xf32>, tensor<?x2xi32>, tensor<4x64x32xf32>, tensor<1x8xi32>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
// expected-note @below {{the layer is here}}
moelora.layer @given(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xf32>, !plan, tensor<4x64x64xf32> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan shared(%x : tensor<?x64xf32>)
    : tensor<?x64xf32>, !plan -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}
func.func @residual(%a0: tensor<?x64xf32>, %a1: tensor<?x2xi32>, %a2: tensor<2x64x64xf32>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects a layer whose 2 x 1 parts add up to it, but @given has shared rows that are not of a shared_down_weight, which every part would add}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [2, 1]
    : (tensor<?x64xf32>, tensor<?x2xi32>, tensor<2x64x64xf32>, tensor<1x4xi32>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
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
func.func @host(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<?x2xf32>, %a3: tensor<4x64x32xbf16>) {
  // expected-error @below {{'moelora.call' op expects a layer whose 1 x 2 parts add up to it, but @given has identity rows of zero experts, which every part would add}}
  %y = moelora.call @given(%a0, %a1, %a2, %a3) cut = [1, 2]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>, tensor<4x64x32xbf16>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @fused(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{'moelora.plan' op expects a layer that is cut to have ops of the routed level}}
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2 sum
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @host(%x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>,
                %w2: tensor<4x64x32xbf16>) {
  %y = moelora.call @fused(%x, %ids, %w2) cut = [1, 2]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x32xbf16>)
      -> tensor<?x64xf32>
  return
}
