// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c1(%x: tensor<?x64xbf16>, %plan: !plan,
                             %w: tensor<4x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects weight and plan to agree on experts, but weight has 4 and plan has 8}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<4x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c2(%x: tensor<?x64xbf16>, %plan: !plan,
                             %w: tensor<8x32x48xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects input and weight to agree on the columns that are summed over, but input has 64 and weight has 48}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x32x48xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c3_shape(%x: tensor<?x64xbf16>, %plan: !plan,
                                   %w: tensor<8x2x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the result to have shape ?x2x32, but the shape is ?x32}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c3_type(%x: tensor<?x64xbf16>, %plan: !plan,
                                  %w: tensor<8x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects a result without epilogue to be an f32 accumulator, but it is 'tensor<?x32xbf16>'}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c4(%x: tensor<?x64xbf16>, %plan: !plan,
                             %w: tensor<8x32x64xbf16>, %b: tensor<8x64xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the bias to have shape 8x32, but the shape is 8x64}}
  %h = moelora.grouped_matmul gather %x by %plan, %w bias(%b : tensor<8x64xf32>)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c5(%x: tensor<?x64xf32>, %plan: !plan,
                             %w: tensor<8x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the weight to have the input's element type or f32, but input has 'f32' and weight has 'bf16'}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}
