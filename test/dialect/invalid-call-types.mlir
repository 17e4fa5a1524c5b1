// Calls whose operands and results do not agree with their layer.
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
func.func @call_c5(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.call' op expects the 3 operands of @given, but there are 2}}
  %y = moelora.call @given(%a0, %a1)
    : (tensor<?x64xbf16>, tensor<?x2xi32>) -> tensor<?x64xbf16>
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
func.func @call_c6(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x32xbf16>) {
  // expected-error @below {{'moelora.call' op expects operand 2, the down_weight of @given, to be 'tensor<4x64x64xbf16>', but it is 'tensor<4x64x32xbf16>'}}
  %y = moelora.call @given(%a0, %a1, %a2)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x32xbf16>) -> tensor<?x64xbf16>
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
func.func @call_c6_memory(%a0: memref<?x64xbf16>, %a1: memref<?x2xi32>, %a2: memref<4x64x64xf16>) {
  // expected-error @below {{'moelora.call' op expects operand 2, the down_weight of @given, to be 'tensor<4x64x64xbf16>', but it is 'memref<4x64x64xf16>'}}
  moelora.call @given(%a0, %a1, %a2) into(%a0 : memref<?x64xbf16>)
    : (memref<?x64xbf16>, memref<?x2xi32>, memref<4x64x64xf16>) -> ()
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
func.func @call_c6_part(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects operand 2, the down_weight of @given, to be 'tensor<2x64x32xbf16>' in one part, but it is 'tensor<4x64x64xbf16>'}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [2, 2]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
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
func.func @call_c7(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects cut to divide operand 2, the down_weight of @given, which has 4 experts, but cut = [3, 1]}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [3, 1]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
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
func.func @call_c7_columns(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects cut to divide operand 2, the down_weight of @given, which has 64 intermediate columns, but cut = [1, 5]}}
  %y = moelora.call @given(%a0, %a1, %a2) cut = [1, 5]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xf32>
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
func.func @call_c8(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects the result of @given to be 'tensor<?x64xbf16>', but it is 'tensor<?x64xf32>'}}
  %y = moelora.call @given(%a0, %a1, %a2)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xf32>
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
func.func @call_c8_part(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<2x64x64xbf16>, %m: tensor<1x4xi32>) {
  // expected-error @below {{'moelora.call' op expects the result of @given to be 'tensor<?x64xf32>' in one part, but it is 'tensor<?x64xbf16>'}}
  %y = moelora.call @given(%a0, %a1, %a2, %m) cut = [2, 1]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<2x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<4 experts, 4 slots, top_k = 1>
!t2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>
!wide = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 32, bf16>
moelora.layer @adapted(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x1xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %slots in %t2 : tensor<?xi32>, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x1xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta gather %x by %plan, %t2 into %y
    : tensor<?x64xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @call_c6_table(%a0: tensor<?x64xbf16>, %a1: tensor<?xi32>, %a2: tensor<?x1xi32>, %a3: tensor<4x64x64xbf16>, %a4: !wide) {
  // expected-error @below {{'moelora.call' op expects operand 4, the down_adapters of @adapted, to be '!moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>', but it is '!moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 32, bf16>'}}
  %y = moelora.call @adapted(%a0, %a1, %a2, %a3, %a4)
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x1xi32>, tensor<4x64x64xbf16>, !wide) -> tensor<?x64xbf16>
  return
}
