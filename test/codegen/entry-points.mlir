// The entry points that a layer has follow from its arguments; the others are
// null in the artifact: everything, from logits, from ids and weights.
// RUN: moelora-opt %s --split-input-file --convert-moelora-to-cpu=cpu=x86-64-v3 \
// RUN:   | FileCheck %s

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

// CHECK-NOT: @given.run(
// CHECK-NOT: @given.run_from_logits(
// CHECK: llvm.func internal @given.run_from_ids(
// CHECK-NOT: @given.run(
// CHECK: llvm.mlir.global internal constant @moelora_artifact
// CHECK-DAG: %[[NONE:.*]] = llvm.mlir.zero
// CHECK-DAG: %[[IDS:.*]] = llvm.mlir.addressof @given.run_from_ids
// CHECK-DAG: llvm.insertvalue %[[NONE]], %{{.*}}[17]
// CHECK-DAG: llvm.insertvalue %[[NONE]], %{{.*}}[18]
// CHECK-DAG: llvm.insertvalue %[[IDS]], %{{.*}}[19]
moelora.layer @given(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w1: tensor<3x1x12x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x12xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e tile(48 by 4) : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !plan, tensor<3x1x12x20xbf16> -> tensor<?x12xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x12xbf16>, !plan, tensor<3x20x12xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

// CHECK-NOT: @logits.run(
// CHECK: llvm.func internal @logits.run_from_logits(
// CHECK: llvm.func internal @logits.run_from_ids(
// CHECK: llvm.mlir.global internal constant @moelora_artifact
// CHECK-DAG: %[[NONE:.*]] = llvm.mlir.zero
// CHECK-DAG: %[[LOGITS:.*]] = llvm.mlir.addressof @logits.run_from_logits
// CHECK-DAG: %[[IDS:.*]] = llvm.mlir.addressof @logits.run_from_ids
// CHECK-DAG: llvm.insertvalue %[[NONE]], %{{.*}}[17]
// CHECK-DAG: llvm.insertvalue %[[LOGITS]], %{{.*}}[18]
// CHECK-DAG: llvm.insertvalue %[[IDS]], %{{.*}}[19]
moelora.layer @logits(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x3xf32> {moelora.role = #moelora.role<router_logits>},
    %w1: tensor<3x1x12x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x12xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %e, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x3xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %e tile(48 by 4) : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !plan, tensor<3x1x12x20xbf16> -> tensor<?x12xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x12xbf16>, !plan, tensor<3x20x12xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
