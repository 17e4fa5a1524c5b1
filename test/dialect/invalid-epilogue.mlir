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
