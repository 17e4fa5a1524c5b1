// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// Sums, routers and what they take beside rows: terms of tokens, ids of the
// right things.

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// expected-note @below {{the rows: the argument of role hidden}}
moelora.layer @layer_c8_combined_tokens(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-error @below {{'moelora.combine' op expects a row per pair of its plan as the rows, but gets a row per token}}
  %o = moelora.combine %x by %plan, %v
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_combined_by_another_plan(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %q = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the rows: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.combine' op expects a row per pair of its plan as the rows, but gets a row per pair of another plan}}
  %o = moelora.combine %y by %q, %v
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_identity_of_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the identity rows: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  %iw = moelora.identity_weight %ids, %v from 4 to 6
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  // expected-error @below {{'moelora.combine' op expects a row per token as the identity rows, but gets a row per pair of a plan}}
  %o = moelora.combine %y by %plan, %v
    identity(%y, %iw : tensor<?x8xf32>, tensor<?x1xf32>)
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_shared_of_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the shared rows: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.combine' op expects a row per token as the shared rows, but gets a row per pair of a plan}}
  %o = moelora.combine %y by %plan, %v shared(%y : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// A table has no row per token.
// expected-note @below {{the ids: the argument of role token_table}}
moelora.layer @layer_c8_token_table_as_ids(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %table: tensor<9x2xi32> {moelora.role = #moelora.role<token_table>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.dispatch' op expects expert ids as the ids, but gets no rows of tokens or pairs}}
  %plan = moelora.dispatch %table : tensor<9x2xi32> -> !plan
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// expected-note @below {{the token ids: the argument of role slots}}
moelora.layer @layer_c8_slots_as_token_ids(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %l: tensor<?x4xf32> {moelora.role = #moelora.role<router_logits>},
    %table: tensor<9x2xi32> {moelora.role = #moelora.role<token_table>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.route' op expects token ids as the token ids, but gets slot ids}}
  %e, %w = moelora.route %l
    table(%table at %s : tensor<9x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x4xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// expected-note @below {{the table: the argument of role expert_ids}}
moelora.layer @layer_c8_ids_as_token_table(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %t: tensor<?xi32> {moelora.role = #moelora.role<token_ids>},
    %l: tensor<?x4xf32> {moelora.role = #moelora.role<router_logits>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.route' op expects no rows of tokens or pairs as the table, but gets expert ids}}
  %e, %w = moelora.route %l
    table(%ids at %t : tensor<?x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x4xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_routed_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the logits: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.route' op expects a row per token as the logits, but gets a row per pair of a plan}}
  %e, %w = moelora.route %y
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// expected-note @below {{the ids: the argument of role token_table}}
moelora.layer @layer_c8_identity_of_table(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %table: tensor<9x2xi32> {moelora.role = #moelora.role<token_table>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.identity_weight' op expects expert ids as the ids, but gets no rows of tokens or pairs}}
  %iw = moelora.identity_weight %table, %v from 4 to 6
    : tensor<9x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_identity_weight_of_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the weights: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  %e, %w = moelora.route %x
    {router = #moelora.router<top_k = 8, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x8xi32>, tensor<?x8xf32>
  // expected-error @below {{'moelora.identity_weight' op expects a row per token as the weights, but gets a row per pair of a plan}}
  %iw = moelora.identity_weight %e, %y from 4 to 6
    : tensor<?x8xi32>, tensor<?x8xf32> -> tensor<?x1xf32>
  moelora.yield %x : tensor<?x8xf32>
}
