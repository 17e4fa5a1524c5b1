// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// What a slot names is what it was resolved to, in the tables that are read.

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

// Given ids are anything; only resolved ones are slots.
// expected-note @below {{the slots: the argument of role slots}}
moelora.layer @layer_c9_unresolved_slots(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  // expected-error @below {{'moelora.dispatch' op expects resolved slots as the slots, but gets slot ids}}
  %plan = moelora.dispatch %ids slots(%s : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-note @below {{the slots: the argument of role token_ids}}
moelora.layer @layer_c9_token_ids_as_slots(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %t: tensor<?xi32> {moelora.role = #moelora.role<token_ids>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{'moelora.plan' op expects resolved slots as the slots, but gets token ids}}
  %plan = moelora.plan %ids slots(%t : tensor<?xi32>)
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 4 slots, top_k = 2>
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

moelora.layer @layer_c9_resolved_again(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  // expected-note @below {{the other one is here}}
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  // expected-error @below {{'moelora.resolve_slots' op expects to be the one resolve_slots of its layer, but there are two}}
  %again = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

// expected-note @below {{the ids: the argument of role token_ids}}
moelora.layer @layer_c9_other_ids(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %t: tensor<?xi32> {moelora.role = #moelora.role<token_ids>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{'moelora.resolve_slots' op expects slot ids as the ids, but gets token ids}}
  %slot = moelora.resolve_slots %t in %t2 : tensor<?xi32>, !t2
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

moelora.layer @layer_c9_plan_slots(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  // expected-note @below {{the slots are resolved here}}
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  // expected-error @below {{'moelora.dispatch' op expects the plan and the tables of its slots to agree on slots, but the plan has 5 and the tables have 4}}
  %all = moelora.dispatch slots(%slot : tensor<?xi32>)
    -> !moelora.plan<1 experts, 5 slots, top_k = 1>
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

// expected-note @below {{the table: the argument of role gate_up_adapters}}
moelora.layer @layer_c10_unused_table(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  // expected-note @below {{the slots are resolved here}}
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  // expected-error @below {{'moelora.lora_delta' op expects its table to be one of those that the slots of its plan are resolved in, but it is not}}
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : tensor<?x64xbf16>, !plan, !t13, tensor<?x2x32xf32>
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

// expected-note @below {{the table: the argument of role gate_up_adapters}}
moelora.layer @layer_c10_shrunk_by_unused_table(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  // expected-note @below {{the slots are resolved here}}
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  // expected-error @below {{'moelora.shrink' op expects its table to be one of those that the slots of its plan are resolved in, but it is not}}
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !t13 -> tensor<?x2x16xbf16>
  moelora.yield %x : tensor<?x64xbf16>
}
