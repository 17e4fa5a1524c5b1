// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c9_slices(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x1x64x32xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects a combined weight to be [E, out, in], but it is 'tensor<8x1x64x32xbf16>'}}
  %o = moelora.grouped_matmul %a by %plan, %w combine(%v : tensor<?x2xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x1x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c9_top_k(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %v: tensor<?x4xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects weights and plan to agree on top_k, but weights has 4 and plan has 2}}
  %o = moelora.grouped_matmul %a by %plan, %w combine(%v : tensor<?x4xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c9_result(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the result to have shape ?x64, but the shape is ?x32}}
  %o = moelora.grouped_matmul %a by %plan, %w combine(%v : tensor<?x2xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x32xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c9_shared(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %v: tensor<?x2xf32>, %s: tensor<?x63xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the shared rows to have shape ?x64, but the shape is ?x63}}
  %o = moelora.grouped_matmul %a by %plan, %w combine(%v : tensor<?x2xf32>)
    shared(%s : tensor<?x63xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c9_score(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %v: tensor<?x2xf32>, %s: tensor<?x64xf32>,
    %g: tensor<?x64xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the score to have shape ?x1, but the shape is ?x64}}
  %o = moelora.grouped_matmul %a by %plan, %w combine(%v : tensor<?x2xf32>)
    shared(%s : tensor<?x64xf32>) score(%g : tensor<?x64xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}
