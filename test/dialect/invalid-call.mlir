// Calls that are wrong in themselves, or whose symbol is no layer.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @call_c1_neither(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects a result or a destination, but there is neither}}
  moelora.call @given(%x) : (tensor<?x64xbf16>) -> ()
  return
}

// -----

func.func @call_c1_both(%x: memref<?x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects a result or a destination, but there are both}}
  %y = moelora.call @given(%x) into(%x : memref<?x64xbf16>)
    : (memref<?x64xbf16>) -> tensor<?x64xbf16>
  return
}

// -----

func.func @call_c1_memory(%x: tensor<?x64xbf16>, %w: memref<2x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects a destination for memrefs, but operand 1 is 'memref<2x64xbf16>' and there is a result}}
  %y = moelora.call @given(%x, %w)
    : (tensor<?x64xbf16>, memref<2x64xbf16>) -> tensor<?x64xbf16>
  return
}

// -----

func.func @call_c1_tensor(%x: memref<?x64xbf16>, %w: tensor<2x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects a result of tensors, but operand 1 is 'tensor<2x64xbf16>' and there is a destination}}
  moelora.call @given(%x, %w) into(%x : memref<?x64xbf16>)
    : (memref<?x64xbf16>, tensor<2x64xbf16>) -> ()
  return
}

// -----

func.func @call_c2(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects cut to have two numbers from 1 to 1048576, of experts and of intermediate sizes, but it is [2, 0]}}
  %y = moelora.call @given(%x) cut = [2, 0]
    : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @call_c2_large(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects cut to have two numbers from 1 to 1048576, of experts and of intermediate sizes, but it is [1, 1048577]}}
  %y = moelora.call @given(%x) cut = [1, 1048577]
    : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @call_c2_count(%x: tensor<?x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects cut to have two numbers from 1 to 1048576, of experts and of intermediate sizes, but it is [2]}}
  %y = moelora.call @given(%x) cut = [2]
    : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

func.func @call_c3(%x: tensor<?x64xbf16>, %context: !moelora.context) {
  // expected-error @below {{'moelora.call' op expects a context and a number of a layer, but the number is missing}}
  %y = "moelora.call"(%x, %context) <{callee = @given,
    operandSegmentSizes = array<i32: 1, 0, 1, 0>}>
    : (tensor<?x64xbf16>, !moelora.context) -> tensor<?x64xbf16>
  return
}

// -----

func.func @call_c4(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error @below {{'moelora.call' op expects @call_c4 to be a moelora.layer, but it is not}}
  %y = moelora.call @call_c4(%x) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @call_c4_missing(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error @below {{'moelora.call' op expects @nothing to be a moelora.layer, but there is no such symbol}}
  %y = moelora.call @nothing(%x) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
