// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// Rows of tokens that a table has shrunk are gathered, with that table, through a
// plan of the same slots.

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!t1 = !moelora.slot_table<2 slots, 4 experts sharing a, 1 x 8 x 8, max_rank = 4, f32>

moelora.layer @layer_c8_shrunk_by_token_without_gather(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1 : tensor<?xi32>, !t1
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  // expected-note @below {{the shrunk rows: made here}}
  %u = moelora.shrink %x by %one, %a1
    : tensor<?x8xf32>, !one, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects rows shrunk by its table and plan as the shrunk rows, but gets rows of tokens, shrunk by a table}}
  %y = moelora.grouped_matmul gather %x by %some, %w2
    lora(%u, %a1 : tensor<?x1x4xf32>, !t1)
    : tensor<?x8xf32>, !some, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!t1 = !moelora.slot_table<2 slots, 4 experts sharing a, 1 x 8 x 8, max_rank = 4, f32>

moelora.layer @layer_c8_shrunk_by_pair_with_gather(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1 : tensor<?xi32>, !t1
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  // expected-note @below {{the gathered shrunk rows: made here}}
  %u = moelora.shrink gather %x by %some, %a1
    : tensor<?x8xf32>, !some, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects rows of tokens, shrunk by its table and slots, as the gathered shrunk rows, but gets rows shrunk by a table}}
  %y = moelora.grouped_matmul gather %x by %some, %w2
    lora(gather %u, %a1 : tensor<?x1x4xf32>, !t1)
    : tensor<?x8xf32>, !some, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!t1 = !moelora.slot_table<2 slots, 4 experts sharing a, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts sharing a, 1 x 8 x 8, max_rank = 4, f32>

moelora.layer @layer_c8_shrunk_by_token_by_another_table(
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
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  // expected-note @below {{the gathered shrunk rows: made here}}
  %u = moelora.shrink %x by %one, %a1
    : tensor<?x8xf32>, !one, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects rows of tokens, shrunk by its table and slots, as the gathered shrunk rows, but gets those of another table or of other slots}}
  %y = moelora.grouped_matmul gather %x by %some, %w2
    lora(gather %u, %a2 : tensor<?x1x4xf32>, !t2)
    : tensor<?x8xf32>, !some, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts sharing a, 1 x 8 x 8, max_rank = 4, f32>

// A plan with ids drops tokens, even if it has one expert.
moelora.layer @layer_c8_shrunk_by_token_with_ids(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1 : tensor<?xi32>, !t1
  %some = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  %one = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !one
  // expected-note @below {{the gathered shrunk rows: made here}}
  %u = moelora.shrink gather %x by %one, %a1
    : tensor<?x8xf32>, !one, !t1 -> tensor<?x1x4xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects rows of tokens, shrunk by its table and slots, as the gathered shrunk rows, but gets rows shrunk by a table}}
  %y = moelora.grouped_matmul gather %x by %some, %w2
    lora(gather %u, %a1 : tensor<?x1x4xf32>, !t1)
    : tensor<?x8xf32>, !some, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}
