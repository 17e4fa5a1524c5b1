// RUN: moelora-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{'moelora.layer' op expects argument 0 to have a moelora.role}}
moelora.layer @layer_c1_without(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects roles to be unique, but argument 1 repeats hidden}}
moelora.layer @layer_c1_twice(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %y: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects an argument of role hidden and rank 2}}
moelora.layer @layer_c2_without(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<router_hidden>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects an argument of role hidden and rank 2}}
moelora.layer @layer_c2_rank(
    %x: tensor<64xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<64xbf16> {
  moelora.yield %x : tensor<64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects one result of the type of hidden, 'tensor<?x64xbf16>', or of f32, but the type is '(tensor<?x64xbf16>) -> tensor<?x64xf16>'}}
moelora.layer @layer_c3(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x64xf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects tables, and only tables, to have a role that ends in _adapters, but argument 1 of type 'tensor<?xi32>' has role down_adapters}}
moelora.layer @layer_c4_tensor(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects tables, and only tables, to have a role that ends in _adapters, but argument 1 of type '!moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>' has role down_weight}}
moelora.layer @layer_c4_table(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %t: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
      {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects arguments to be ranked tensors or slot tables, but argument 1 is '!moelora.plan<8 experts, 4 slots, top_k = 2>'}}
moelora.layer @layer_c4_other(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %p: !moelora.plan<8 experts, 4 slots, top_k = 2>
      {moelora.role = #moelora.role<slots>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects static sizes of an argument to multiply to at most 281474976710656, but argument 0 is 'tensor<?x4611686018427387904xbf16>'}}
moelora.layer @layer_c5_row(
    %x: tensor<?x4611686018427387904xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x4611686018427387904xbf16> {
  moelora.yield %x : tensor<?x4611686018427387904xbf16>
}

// -----

// The product would wrap around to 0.
// expected-error @below {{'moelora.layer' op expects static sizes of an argument to multiply to at most 281474976710656, but argument 1 is 'tensor<65536x65536x65536x65536xbf16>'}}
moelora.layer @layer_c5_product(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<65536x65536x65536x65536xbf16>
      {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

moelora.layer @yield_c1(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %y: tensor<?x64xf32> {moelora.role = #moelora.role<router_logits>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{'moelora.yield' op expects operands of the layer's result types 'tensor<?x64xbf16>', but they are 'tensor<?x64xf32>'}}
  moelora.yield %y : tensor<?x64xf32>
}

// -----

func.func @outside_a_layer(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.yield' op expects parent op 'moelora.layer'}}
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{expects the moelora attribute of argument 0 to be 'moelora.role', but it is "moelora.rule"}}
moelora.layer @unknown_attribute(
    %x: tensor<?x64xbf16> {moelora.rule = #moelora.role<hidden>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

// expected-error @below {{expects 'moelora.role' of argument 0 to be a #moelora.role<...>, but it is "hidden"}}
moelora.layer @role_of_another_kind(
    %x: tensor<?x64xbf16> {moelora.role = "hidden"}) -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}
