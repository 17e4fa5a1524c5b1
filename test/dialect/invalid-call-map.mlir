// Calls of parts of the experts, which have a map.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @call_c5_map(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<2x64x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects the 3 operands of @given and a map of its experts, but there are 3}}
  %y = moelora.call @given(%a0, %a1, %a2) cut = [2, 1]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<2x64x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @call_c5_no_map(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x32xbf16>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects the 3 operands of @given, but there are 4}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [1, 2]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x32xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @call_c6_map(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<2x64x64xbf16>, %m: tensor<1x2xi32>) {
  // expected-error @below {{'moelora.call' op expects the last operand, the map of the experts of @given, to be 'tensor<1x4xi32>', but it is 'tensor<1x2xi32>'}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [2, 1]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<2x64x64xbf16>, tensor<1x2xi32>) -> tensor<?x64xf32>
  return
}

// -----

moelora.layer @norm(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x64xf32> {
  %n = moelora.rms_norm %x {epsilon = 1.0e-06 : f32}
    : tensor<?x64xf32> -> tensor<?x64xf32>
  moelora.yield %n : tensor<?x64xf32>
}
func.func @call_c6_no_experts(%x: tensor<?x64xf32>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects no cut of experts, because @norm has no plan of expert ids}}
  %y = moelora.call @norm(%x, %m) cut = [2, 1]
    : (tensor<?x64xf32>, tensor<1x4xi32>) -> tensor<?x64xf32>
  return
}
