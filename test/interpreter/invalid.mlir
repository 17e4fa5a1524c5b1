// What has no meaning is refused in words.
// RUN: split-file %s %t
// RUN: not moelora-interpret %t/foreign.mlir 2>&1 | FileCheck %t/foreign.mlir
// RUN: not moelora-interpret %t/columns.mlir 2>&1 | FileCheck %t/columns.mlir
// RUN: not moelora-interpret %t/rows.mlir 2>&1 | FileCheck %t/rows.mlir
// RUN: not moelora-interpret %t/rows.mlir --tokens=1000000000 2>&1 \
// RUN:   | FileCheck %s --check-prefix=HUGE
// HUGE: error: expects at most 268435456 numbers in an argument, but one is 'tensor<?x4xf32>' with 1000000000 tokens

//--- foreign.mlir
// CHECK: error: 'builtin.unrealized_conversion_cast' op expects to be an op of the routed or the fused level
moelora.layer @foreign(
    %x: tensor<?x4xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x4xf32> {
  %y = builtin.unrealized_conversion_cast %x
    : tensor<?x4xf32> to tensor<?x4xf32>
  moelora.yield %y : tensor<?x4xf32>
}

//--- columns.mlir
// CHECK: error: 'moelora.layer' op expects the columns of a tensor to be known and not zero, but its type is 'tensor<?x?xf32>'
moelora.layer @columns(
    %x: tensor<?x?xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x?xf32> {
  moelora.yield %x : tensor<?x?xf32>
}

//--- rows.mlir
// Without gather the input has a row per pair, and hidden has one per token.
// CHECK: error: 'moelora.expert_gemm' op expects the input to have 10 rows, but it has 5
moelora.layer @rows(
    %x: tensor<?x4xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w: tensor<8x4x4xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x4xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32>
    -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  %y = moelora.expert_gemm %x by %plan, %w
    : tensor<?x4xf32>, !moelora.plan<8 experts, 0 slots, top_k = 2>,
      tensor<8x4x4xf32> -> tensor<?x4xf32>
  %o = moelora.combine %y by %plan, %v
    : tensor<?x4xf32>, !moelora.plan<8 experts, 0 slots, top_k = 2>,
      tensor<?x2xf32> -> tensor<?x4xf32>
  moelora.yield %o : tensor<?x4xf32>
}
