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
func.func @grouped_matmul_c5(%x: tensor<?x64xbf16>, %plan: !plan,
                             %w: tensor<8x32x64xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects input and weight to have one element type, but input has 'bf16' and weight has 'f32'}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xf32> -> tensor<?x32xf32>
  return
}

// -----

func.func @grouped_matmul_c7_two(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x1x32x64xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared rows only with combine, and a score only with shared rows}}
  %h = moelora.grouped_matmul gather %x by %plan, %w activate(<relu2>)
    combine(%v : tensor<?x2xf32>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x1x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// -----

func.func @grouped_matmul_c7_shared(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x32x64xbf16>, %s: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared rows only with combine, and a score only with shared rows}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    shared(%s : tensor<?x32xf32>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

func.func @grouped_matmul_c8_slices(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x1x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the weight of a gated activation to have 2 slices, but it is 'tensor<8x1x32x64xbf16>'}}
  %h = moelora.grouped_matmul gather %x by %plan, %w activate(<silu, gated>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x1x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// -----

func.func @grouped_matmul_c8_result(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x2x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the result to have shape ?x32, but the shape is ?x64}}
  %h = moelora.grouped_matmul gather %x by %plan, %w activate(<silu, gated>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x2x32x64xbf16> -> tensor<?x64xbf16>
  return
}
