// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// The type of an argument is that of its role; sizes of one name agree.

// Roles of two weights exchanged: buffers would be sized by one and read as the
// other.
// expected-error @below {{'moelora.layer' op expects the argument of role down_weight to be [experts with weights, hidden = 64, intermediate] of 'bf16', but it is 'tensor<1x8x64xbf16>'}}
moelora.layer @layer_c6_role_swap(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %wr: tensor<1x8x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role hidden to be [?, hidden = 64] of 'bf16', but it is 'tensor<16x64xbf16>'}}
moelora.layer @layer_c6_static_rows(
    %x: tensor<16x64xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<16x64xbf16> {
  moelora.yield %x : tensor<16x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role slots to be [?] of i32, but it is 'tensor<16xi32>'}}
moelora.layer @layer_c6_static_slots(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<16xi32> {moelora.role = #moelora.role<slots>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role hidden to be [?, hidden] of 'bf16', but it is 'tensor<?x?xbf16>'}}
moelora.layer @layer_c6_unknown_columns(
    %x: tensor<?x?xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x?xbf16> {
  moelora.yield %x : tensor<?x?xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role hidden to be [?, hidden] of 'bf16', but it is 'tensor<?x0xbf16>'}}
moelora.layer @layer_c6_no_columns(
    %x: tensor<?x0xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x0xbf16> {
  moelora.yield %x : tensor<?x0xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role hidden to be [?, hidden = 64] of bf16, f16 or f32, but it is 'tensor<?x64xf64>'}}
moelora.layer @layer_c6_wide_hidden(
    %x: tensor<?x64xf64> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x64xf64> {
  moelora.yield %x : tensor<?x64xf64>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role router_hidden to be [?, hidden = 64] of 'bf16', but it is 'tensor<?x64xf16>'}}
moelora.layer @layer_c6_other_element(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %z: tensor<?x64xf16> {moelora.role = #moelora.role<router_hidden>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role router_weight to be [1, experts, hidden = 64] of 'bf16' or f32, but it is 'tensor<1x8x64xf16>'}}
moelora.layer @layer_c6_router_element(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x8x64xf16> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role expert_ids to be [?, top_k] of i32, but it is 'tensor<?x2xi64>'}}
moelora.layer @layer_c6_wide_ids(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %i: tensor<?x2xi64> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role expert_weights to be [?, top_k = 2] of f32, but it is 'tensor<?x3xf32>'}}
moelora.layer @layer_c6_top_k(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %i: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x3xf32> {moelora.role = #moelora.role<expert_weights>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// Experts of f32 would be read as bf16 by half their bytes.
// expected-error @below {{'moelora.layer' op expects the argument of role down_weight to be [experts with weights = 8, hidden = 64, intermediate = 32] of 'bf16', but it is 'tensor<8x64x32xf32>'}}
moelora.layer @layer_c6_expert_element(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role down_weight to be [experts with weights = 8, hidden = 64, intermediate = 32] of 'bf16', but it is 'tensor<7x64x32xbf16>'}}
moelora.layer @layer_c6_experts(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<7x64x32xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// In a latent space the experts have a width of their own.
// expected-error @below {{'moelora.layer' op expects the argument of role gate_up_weight to be [experts with weights, slices, intermediate, width = 16] of 'bf16', but it is 'tensor<8x2x32x64xbf16>'}}
moelora.layer @layer_c6_latent(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %wi: tensor<1x16x64xbf16> {moelora.role = #moelora.role<latent_in_weight>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// A table of adapters is as large as the weight that it adapts.
// expected-error @below {{'moelora.layer' op expects the argument of role down_adapters to be [experts with weights = 8, 1, hidden = 64, intermediate = 32], but it is '!moelora.slot_table<4 slots, 8 experts, 1 x 64 x 33, max_rank = 16, bf16>'}}
moelora.layer @layer_c6_table(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 33, max_rank = 16, bf16>
      {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects the argument of role output_norm_weight to be [hidden = 64] of f32, but it is 'tensor<64xbf16>'}}
moelora.layer @layer_c6_norm_element(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %v: tensor<64xbf16> {moelora.role = #moelora.role<output_norm_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

moelora.layer @layer_c7_columns(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.rms_norm' op expects the first size of a result, and no other, to be dynamic, and none to be 0, but the type is 'tensor<?x?xf32>'}}
  %y = moelora.rms_norm %x {epsilon = 0.0 : f32}
    : tensor<?x8xf32> -> tensor<?x?xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

moelora.layer @layer_c7_rows(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.rms_norm' op expects the first size of a result, and no other, to be dynamic, and none to be 0, but the type is 'tensor<16x8xf32>'}}
  %y = moelora.rms_norm %x {epsilon = 0.0 : f32}
    : tensor<?x8xf32> -> tensor<16x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}
