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

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c9_sum(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %s: tensor<?x63xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the shared rows to have shape ?x64, but the shape is ?x63}}
  %o = moelora.grouped_matmul %a by %plan, %w sum
    shared(%s : tensor<?x63xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c10_type(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %x: tensor<?x64xf16>, %v: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects identity rows of the result's type 'tensor<?x64xbf16>', but they are 'tensor<?x64xf16>'}}
  %o = moelora.grouped_matmul %a by %plan, %w sum
    identity(%x, %v : tensor<?x64xf16>, tensor<?x1xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c10_columns(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %x: tensor<?x64xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the identity weights to have shape ?x1, but the shape is ?x2}}
  %o = moelora.grouped_matmul %a by %plan, %w sum
    identity(%x, %v : tensor<?x64xbf16>, tensor<?x2xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c10_together(%a: tensor<?x32xbf16>, %plan: !plan,
    %w: tensor<8x64x32xbf16>, %x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects identity rows and their weights to come together}}
  %o = "moelora.grouped_matmul"(%a, %plan, %w, %x) {sum,
    operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0>}
    : (tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16>, tensor<?x64xbf16>)
    -> tensor<?x64xbf16>
  return
}
