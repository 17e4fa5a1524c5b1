// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// Products and activations read rows of the kind that they mean.

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>

// expected-note @below {{the input without gather: the argument of role hidden}}
moelora.layer @layer_c8_forgot_gather(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1, %a2 : tensor<?xi32>, !t1, !t2
  %some = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  %h = moelora.expert_gemm gather %x by %some, %w2
    : tensor<?x8xf32>, !some, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.lora_delta' op expects a row per pair of its plan as the input without gather, but gets a row per token}}
  %hd = moelora.lora_delta %x by %some, %a2 into %h
    : tensor<?x8xf32>, !some, !t2, tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// expected-note @below {{the input without gather: the argument of role hidden}}
moelora.layer @layer_c8_gemm_without_gather(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-error @below {{'moelora.expert_gemm' op expects a row per pair of its plan as the input without gather, but gets a row per token}}
  %y = moelora.expert_gemm %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_gathered_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the gathered input: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.expert_gemm' op expects a row per token as the gathered input, but gets a row per pair of a plan}}
  %z = moelora.expert_gemm gather %y by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_pairs_of_another_plan(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %q = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the input without gather: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.expert_gemm' op expects a row per pair of its plan as the input without gather, but gets a row per pair of another plan}}
  %z = moelora.expert_gemm %y by %q, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_rows_as_weight(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w1: tensor<4x1x8x8xf32> {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the weight: made here}}
  %h = moelora.expert_gemm gather %x by %plan, %w1
    : tensor<?x8xf32>, !plan, tensor<4x1x8x8xf32> -> tensor<?x1x8xf32>
  // expected-error @below {{'moelora.expert_gemm' op expects no rows of tokens or pairs as the weight, but gets a row per pair of a plan}}
  %z = moelora.expert_gemm gather %x by %plan, %h
    : tensor<?x8xf32>, !plan, tensor<?x1x8xf32> -> tensor<?x1xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_rows_as_bias(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the bias: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.expert_gemm' op expects no rows of tokens or pairs as the bias, but gets a row per pair of a plan}}
  %z = moelora.expert_gemm gather %x by %plan, %w2
    bias(%y : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!some = !moelora.plan<4 experts, 2 slots, top_k = 2>
!t1 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>
!t2 = !moelora.slot_table<2 slots, 4 experts, 1 x 8 x 8, max_rank = 4, f32>

// expected-note @below {{the accumulator: the argument of role hidden}}
moelora.layer @layer_c8_tokens_as_accumulator(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %a1: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x8xf32> {
  %slot = moelora.resolve_slots %s in %a1, %a2 : tensor<?xi32>, !t1, !t2
  %some = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !some
  // expected-error @below {{'moelora.lora_delta' op expects a row per pair of its plan as the accumulator, but gets a row per token}}
  %xd = moelora.lora_delta gather %x by %some, %a2 into %x
    : tensor<?x8xf32>, !some, !t2, tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// expected-note @below {{the accumulator: the argument of role gate_up_bias}}
moelora.layer @layer_c8_activated_bias(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %b1: tensor<4x1x8xf32> {moelora.role = #moelora.role<gate_up_bias>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.activation' op expects a row per token as the accumulator, but gets no rows of tokens or pairs}}
  %a = moelora.activation %b1 {function = #moelora.act<relu2>}
    : tensor<4x1x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_weighted_by_another_plan(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w1: tensor<4x1x8x8xf32> {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %q = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the accumulator: made here}}
  %h = moelora.expert_gemm gather %x by %plan, %w1
    : tensor<?x8xf32>, !plan, tensor<4x1x8x8xf32> -> tensor<?x1x8xf32>
  // expected-error @below {{'moelora.activation' op expects a row per pair of its plan as the accumulator, but gets a row per pair of another plan}}
  %a = moelora.activation %h weighted(%v by %q : tensor<?x2xf32>, !plan)
    {function = #moelora.act<relu2>} : tensor<?x1x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}
