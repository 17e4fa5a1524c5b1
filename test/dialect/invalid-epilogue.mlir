// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @activation_c1_gated(%h: tensor<?x1x32xf32>) {
  // expected-error @below {{'moelora.activation' op expects a gated activation to read [rows, 2, columns], but the accumulator is 'tensor<?x1x32xf32>'}}
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x1x32xf32> -> tensor<?x32xbf16>
  return
}

// -----

func.func @activation_c1_plain(%h: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.activation' op expects a plain activation to read [rows, 1, columns], but the accumulator is 'tensor<?x32xf32>'}}
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x32xf32> -> tensor<?x32xbf16>
  return
}

// -----

func.func @activation_c2(%h: tensor<?x2x32xf32>) {
  // expected-error @below {{'moelora.activation' op expects accumulator and result to agree on columns, but accumulator has 32 and result has 64}}
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @activation_c3_together(%h: tensor<?x2x32xf32>, %plan: !plan) {
  // expected-error @below {{'moelora.activation' op expects input weights to come with a plan}}
  %a = "moelora.activation"(%h, %plan)
    {function = #moelora.act<silu, gated>,
     operandSegmentSizes = array<i32: 1, 0, 1>}
    : (tensor<?x2x32xf32>, !plan) -> tensor<?x32xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @activation_c3_top_k(%h: tensor<?x2x32xf32>, %plan: !plan,
                               %w: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.activation' op expects input weights and plan to agree on top_k, but input weights has 1 and plan has 2}}
  %a = moelora.activation %h weighted(%w by %plan : tensor<?x1xf32>, !plan)
    {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c1(%y: tensor<?x64xf32>, %plan: !plan,
                      %w: tensor<?x3xf32>) {
  // expected-error @below {{'moelora.combine' op expects weights and plan to agree on top_k, but weights has 3 and plan has 2}}
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x3xf32> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c2(%y: tensor<?x64xf32>, %plan: !plan,
                      %w: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.combine' op expects the rows to have shape ?x65, but the shape is ?x64}}
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x65xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c3(%y: tensor<?x64xf32>, %plan: !plan, %w: tensor<?x2xf32>,
                      %s: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.combine' op expects the shared rows to have shape ?x64, but the shape is ?x32}}
  %o = moelora.combine %y by %plan, %w shared(%s : tensor<?x32xf32>)
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c4_alone(%y: tensor<?x64xf32>, %plan: !plan,
                            %w: tensor<?x2xf32>, %v: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.combine' op expects a score to come with shared rows}}
  %o = moelora.combine %y by %plan, %w score(%v : tensor<?x1xf32>)
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c4_columns(%y: tensor<?x64xf32>, %plan: !plan,
                              %w: tensor<?x2xf32>, %s: tensor<?x64xf32>,
                              %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.combine' op expects the score to have shape ?x1, but the shape is ?x2}}
  %o = moelora.combine %y by %plan, %w shared(%s : tensor<?x64xf32>)
    score(%v : tensor<?x2xf32>)
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c5_together(%y: tensor<?x64xf32>, %plan: !plan,
                               %x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.combine' op expects identity rows and their weights to come together}}
  %o = "moelora.combine"(%y, %plan, %x)
    {operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 0>}
    : (tensor<?x64xf32>, !plan, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c5_type(%y: tensor<?x64xf32>, %plan: !plan,
                           %x: tensor<?x32xbf16>, %iw: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.combine' op expects identity rows of the result's type 'tensor<?x64xbf16>', but they are 'tensor<?x32xbf16>'}}
  %o = moelora.combine %y by %plan
    identity(%x, %iw : tensor<?x32xbf16>, tensor<?x1xf32>)
    : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @combine_c5_columns(%y: tensor<?x64xf32>, %plan: !plan,
                              %x: tensor<?x64xbf16>, %iw: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.combine' op expects the identity weights to have shape ?x1, but the shape is ?x2}}
  %o = moelora.combine %y by %plan
    identity(%x, %iw : tensor<?x64xbf16>, tensor<?x2xf32>)
    : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  return
}
