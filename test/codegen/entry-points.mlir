// The entry points that a layer has follow from its arguments: everything (0),
// from logits (1), from ids and weights (2). A row says which of them need it.
// RUN: moelora-opt %s --split-input-file --moelora-to-cpu=cpu=x86-64-v3 \
// RUN:   | moelora-translate --split-input-file --mlir-to-llvmir | FileCheck %s

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

// Hidden, ids, weights, gate_up and down weight, output.
// CHECK: @given.cpu.operands = internal constant [6 x
// CHECK-SAME: i32 168, i32 0, i32 0, i32 3, i32 2, i32 2, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 5, i32 0, i32 11, i32 2, i32 4, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 6, i32 0, i32 1, i32 2, i32 4, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 10, i32 0, i32 3, i32 4, i32 2, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 12, i32 0, i32 3, i32 3, i32 2, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 27, i32 0, i32 3, i32 2, i32 2, i32 4, i32 0,
// CHECK: @given.cpu.entries = internal constant [1 x { i32, i32, ptr }] [{ i32, i32, ptr } { i32 2, i32 0, ptr @given.run_from_ids }]
moelora.layer @given(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w1: tensor<3x1x12x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x12xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !plan, tensor<3x1x12x20xbf16> -> tensor<?x12xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x12xbf16>, !plan, tensor<3x20x12xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

// Hidden, logits, ids, weights, gate_up and down weight, output.
// CHECK: @logits.cpu.operands = internal constant [7 x
// CHECK-SAME: i32 168, i32 0, i32 0, i32 3, i32 2, i32 2, i32 6, i32 0,
// CHECK-SAME: i32 168, i32 4, i32 0, i32 1, i32 2, i32 4, i32 2, i32 0,
// CHECK-SAME: i32 168, i32 5, i32 0, i32 11, i32 2, i32 4, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 6, i32 0, i32 1, i32 2, i32 4, i32 4, i32 0,
// CHECK-SAME: i32 168, i32 10, i32 0, i32 3, i32 4, i32 2, i32 6, i32 0,
// CHECK-SAME: i32 168, i32 12, i32 0, i32 3, i32 3, i32 2, i32 6, i32 0,
// CHECK-SAME: i32 168, i32 27, i32 0, i32 3, i32 2, i32 2, i32 6, i32 0,
// CHECK: @logits.cpu.entries = internal constant [2 x { i32, i32, ptr }]
// CHECK-SAME: { i32 1, i32 0, ptr @logits.run_from_logits }
// CHECK-SAME: { i32 2, i32 0, ptr @logits.run_from_ids }
moelora.layer @logits(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x3xf32> {moelora.role = #moelora.role<router_logits>},
    %w1: tensor<3x1x12x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x12xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %e, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x3xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !plan, tensor<3x1x12x20xbf16> -> tensor<?x12xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x12xbf16>, !plan, tensor<3x20x12xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
