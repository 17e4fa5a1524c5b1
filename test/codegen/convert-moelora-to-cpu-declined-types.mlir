// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --moelora-schedule --convert-moelora-to-cpu=cpu=x86-64-v4
// Values are of the layer's element type or f32, adapters of the layer's.

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @sum(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  // expected-error @below {{expects the result in the layer's element type 'bf16' or f32, but it is of 'f16'}}
  %y = moelora.grouped_matmul gather %x by %plan, %w2 sum
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xf16>
  %o = moelora.rms_norm %y {epsilon = 1.0e-06 : f32}
    : tensor<?x20xf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

moelora.layer @norm(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x20xbf16> {
  // expected-error @below {{expects input and result in the layer's element type 'bf16' or f32, but the input is of 'bf16' and the result of 'f16'}}
  %y = moelora.rms_norm %x {epsilon = 1.0e-06 : f32}
    : tensor<?x20xbf16> -> tensor<?x20xf16>
  %o = moelora.rms_norm %y {epsilon = 1.0e-06 : f32}
    : tensor<?x20xf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!table = !moelora.slot_table<2 slots, 1 experts, 1 x 20 x 20, max_rank = 16, bf16>

moelora.layer @rows_of_an_adapter(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t: !table {moelora.role = #moelora.role<router_adapters>},
    %w: tensor<1x20x20xf32> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x20xbf16> {
  %slot = moelora.resolve_slots %ids in %t : tensor<?xi32>, !table
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %y = moelora.rms_norm %x {epsilon = 1.0e-06 : f32}
    : tensor<?x20xbf16> -> tensor<?x20xf32>
  // expected-error @below {{expects adapters to read the layer's element type 'bf16', but the input is of 'f32'}}
  %u = moelora.shrink gather %y by %one, %t
    : tensor<?x20xf32>, !one, !table -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul gather %y by %one, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table) sum
    : tensor<?x20xf32>, !one, tensor<1x20x20xf32> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @activation(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w1: tensor<1x1x20x20xbf16> {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x20xbf16> {
  %one = moelora.plan -> !one
  // expected-error @below {{expects an activation in the layer's element type 'bf16', but it is of 'f32'}}
  %a = moelora.grouped_matmul gather %x by %one, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !one, tensor<1x1x20x20xbf16> -> tensor<?x20xf32>
  %o = moelora.rms_norm %a {epsilon = 1.0e-06 : f32}
    : tensor<?x20xf32> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
