// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// Rows that a table has shrunk are read with that table, over that plan.

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>

// expected-note @below {{the input without gather: the argument of role hidden}}
moelora.layer @layer_c8_shrunk_without_gather(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1, %a2 : tensor<?xi32>, !t1, !t2
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  // expected-error @below {{'moelora.shrink' op expects a row per pair of its plan as the input without gather, but gets a row per token}}
  %u = moelora.shrink %x by %some, %a1
    : tensor<?x8xf32>, !some, !t1 -> tensor<?x1x4xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>

// The other table may have fewer outputs than are read.
moelora.layer @layer_c8_shrunk_by_another_table(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1, %a2 : tensor<?xi32>, !t1, !t2
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  // expected-note @below {{the shrunk rows: made here}}
  %u = moelora.shrink gather %x by %some, %a1
    : tensor<?x8xf32>, !some, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects rows shrunk by its table and plan as the shrunk rows, but gets rows shrunk by another table or plan}}
  %y = moelora.grouped_matmul gather %x by %some, %w2
    lora(%u, %a2 : tensor<?x1x4xf32>, !t2)
    : tensor<?x8xf32>, !some, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>

moelora.layer @layer_c8_shrunk_by_another_plan(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w1: tensor<4x1x8x8xf32> {moelora.role = #moelora.role<gate_up_weight>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1, %a2 : tensor<?xi32>, !t1, !t2
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  %q = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  // expected-note @below {{the shrunk rows: made here}}
  %u = moelora.shrink gather %x by %some, %a1
    : tensor<?x8xf32>, !some, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects rows shrunk by its table and plan as the shrunk rows, but gets rows shrunk by another table or plan}}
  %y = moelora.grouped_matmul gather %x by %q, %w1
    lora(%u, %a1 : tensor<?x1x4xf32>, !t1)
    : tensor<?x8xf32>, !some, tensor<4x1x8x8xf32> -> tensor<?x1x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>

moelora.layer @layer_c8_shrunk_as_accumulator(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1, %a2 : tensor<?xi32>, !t1, !t2
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  // expected-note @below {{the accumulator: made here}}
  %u = moelora.shrink gather %x by %some, %a1
    : tensor<?x8xf32>, !some, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.activation' op expects a row per token as the accumulator, but gets rows shrunk by a table}}
  %a = moelora.activation %u {function = #moelora.act<relu2>}
    : tensor<?x1x4xf32> -> tensor<?x4xf32>
  moelora.yield %x : tensor<?x8xf32>
}
