// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// The same at the fused level; what no op may read or answer.

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// expected-note @below {{the input without gather: the argument of role hidden}}
moelora.layer @layer_c8_fused_without_gather(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  // expected-error @below {{'moelora.grouped_matmul' op expects a row per pair of its plan as the input without gather, but gets a row per token}}
  %y = moelora.grouped_matmul %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_fused_weight(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w1: tensor<4x1x8x8xf32> {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the weight: made here}}
  %h = moelora.grouped_matmul gather %x by %plan, %w1
    : tensor<?x8xf32>, !plan, tensor<4x1x8x8xf32> -> tensor<?x1x8xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects no rows of tokens or pairs as the weight, but gets a row per pair of a plan}}
  %z = moelora.grouped_matmul gather %x by %plan, %h
    : tensor<?x8xf32>, !plan, tensor<?x1x8xf32> -> tensor<?x1xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_fused_bias(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the bias: made here}}
  %y = moelora.grouped_matmul gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects no rows of tokens or pairs as the bias, but gets a row per pair of a plan}}
  %z = moelora.grouped_matmul gather %x by %plan, %w2
    bias(%y : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_fused_shared(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the shared rows: made here}}
  %y = moelora.grouped_matmul gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.grouped_matmul' op expects a row per token as the shared rows, but gets a row per pair of a plan}}
  %z = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%v : tensor<?x2xf32>) shared(%y : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// expected-note @below {{the ids: the argument of role token_table}}
moelora.layer @layer_c8_fused_ids(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %table: tensor<9x2xi32> {moelora.role = #moelora.role<token_table>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.plan' op expects expert ids as the ids, but gets no rows of tokens or pairs}}
  %plan = moelora.plan %table : tensor<9x2xi32> -> !plan
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_normed_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the input: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.rms_norm' op expects a row per token as the input, but gets a row per pair of a plan}}
  %n = moelora.rms_norm %y {epsilon = 0.0 : f32}
    : tensor<?x8xf32> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c8_yielded_pairs(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-note @below {{the output: made here}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.yield' op expects a row per token as the output, but gets a row per pair of a plan}}
  moelora.yield %y : tensor<?x8xf32>
}
