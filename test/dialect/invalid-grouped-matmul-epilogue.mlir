// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @grouped_matmul_c7_two(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x1x32x64xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
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
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    shared(%s : tensor<?x32xf32>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

func.func @grouped_matmul_c7_sum(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x32x64xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    combine(%v : tensor<?x2xf32>) sum
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// -----

func.func @grouped_matmul_c7_score(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x32x64xbf16>, %v: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
  %h = moelora.grouped_matmul gather %x by %plan, %w sum
    score(%v : tensor<?x1xf32>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// -----

func.func @grouped_matmul_c7_identity(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x32x64xbf16>, %i: tensor<?x32xf32>, %v: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    identity(%i, %v : tensor<?x32xf32>, tensor<?x1xf32>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

func.func @grouped_matmul_c7_identity_weights(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x32x64xbf16>, %v: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
  %h = "moelora.grouped_matmul"(%x, %plan, %w, %v) {gather,
    operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0>}
    : (tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
       tensor<8x32x64xbf16>, tensor<?x1xf32>) -> tensor<?x32xf32>
  return
}

// -----

func.func @grouped_matmul_c7_weighted(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x32x64xbf16>, %v: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects at most one epilogue, shared and identity rows only with combine or sum, a score only with shared rows, and input weights only with activate}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    weighted(%v : tensor<?x2xf32>) sum
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x32x64xbf16> -> tensor<?x32xbf16>
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

// -----

func.func @grouped_matmul_c8_top_k(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<8x2x32x64xbf16>, %v: tensor<?x3xf32>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects input weights and plan to agree on top_k, but input weights has 3 and plan has 2}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    weighted(%v : tensor<?x3xf32>) activate(<silu, gated>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
  return
}
