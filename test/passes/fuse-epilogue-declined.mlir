// RUN: moelora-opt %s --moelora-fuse-epilogue --remarks-filter=fuse-epilogue \
// RUN:   -o %t.mlir 2> %t.log
// RUN: FileCheck %s < %t.mlir
// RUN: FileCheck %s --check-prefix=REMARK < %t.log
// What is declined keeps its meaning, and is declined again.
// RUN: moelora-interpret %s --compare=%t.mlir
// RUN: moelora-opt %t.mlir --moelora-fuse-epilogue | diff %t.mlir -

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// CHECK-LABEL: @not_fused_yet
// CHECK: moelora.expert_gemm
// CHECK: moelora.combine
// REMARK: remark: [Missed] Combine | Category:fuse-epilogue | Reason="no grouped_matmul makes the accumulator"
moelora.layer @not_fused_yet(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  %o = moelora.combine %h by %plan, %v
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %o : tensor<?x8xf32>
}

// CHECK-LABEL: @two_readers
// CHECK: %[[H:.*]] = moelora.grouped_matmul
// CHECK-COUNT-2: moelora.activation %[[H]]
// REMARK-COUNT-2: remark: [Missed] Activate | Category:fuse-epilogue | Reason="the accumulator has other uses"
moelora.layer @two_readers(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %u: tensor<4x1x8x8xf32> {moelora.role = #moelora.role<gate_up_weight>},
    %w: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %h = moelora.grouped_matmul gather %x by %plan, %u
    : tensor<?x8xf32>, !plan, tensor<4x1x8x8xf32> -> tensor<?x1x8xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x8xf32> -> tensor<?x8xf32>
  %b = moelora.activation %h {function = #moelora.act<silu>}
    : tensor<?x1x8xf32> -> tensor<?x8xf32>
  %y = moelora.grouped_matmul %a by %plan, %w
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  %z = moelora.grouped_matmul %b by %plan, %w combine(%v : tensor<?x2xf32>)
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  %o = moelora.combine %y by %plan, %v shared(%z : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %o : tensor<?x8xf32>
}

// A matmul ends once. What it combined is a row per token, and over a plan of
// one expert these are the rows of pairs.
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
// CHECK-LABEL: @ends_already
// CHECK: %[[Y:.*]] = moelora.grouped_matmul {{.*}} combine(
// CHECK: moelora.combine %[[Y]]
// REMARK: remark: [Missed] Combine | Category:fuse-epilogue | Reason="the grouped_matmul has an epilogue already"
moelora.layer @ends_already(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %v: tensor<?x1xf32> {moelora.role = #moelora.role<expert_weights>},
    %w: tensor<1x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %one = moelora.plan -> !one
  %y = moelora.grouped_matmul gather %x by %one, %w
    combine(%v : tensor<?x1xf32>)
    : tensor<?x8xf32>, !one, tensor<1x8x8xf32> -> tensor<?x8xf32>
  %o = moelora.combine %y by %one, %v
    : tensor<?x8xf32>, !one, tensor<?x1xf32> -> tensor<?x8xf32>
  moelora.yield %o : tensor<?x8xf32>
}

// Over two plans of one expert the rows are the same, but not their order.
// CHECK-LABEL: @two_plans
// CHECK: moelora.grouped_matmul
// CHECK: moelora.combine
// REMARK: remark: [Missed] Combine | Category:fuse-epilogue | Reason="matmul and reader go by different plans"
moelora.layer @two_plans(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %v: tensor<?x1xf32> {moelora.role = #moelora.role<expert_weights>},
    %w: tensor<1x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %p = moelora.plan -> !one
  %q = moelora.plan -> !one
  %y = moelora.grouped_matmul gather %x by %p, %w
    : tensor<?x8xf32>, !one, tensor<1x8x8xf32> -> tensor<?x8xf32>
  %o = moelora.combine %y by %q, %v
    : tensor<?x8xf32>, !one, tensor<?x1xf32> -> tensor<?x8xf32>
  moelora.yield %o : tensor<?x8xf32>
}

// The weights are of the pairs of another plan.
// CHECK-LABEL: @weighted_by_another_plan
// CHECK: %[[H:.*]] = moelora.grouped_matmul
// CHECK: moelora.activation %[[H]] weighted
// REMARK: remark: [Missed] Activate | Category:fuse-epilogue | Reason="matmul and reader go by different plans"
moelora.layer @weighted_by_another_plan(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %v: tensor<?x1xf32> {moelora.role = #moelora.role<expert_weights>},
    %u: tensor<1x1x8x8xf32> {moelora.role = #moelora.role<gate_up_weight>},
    %w: tensor<1x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %p = moelora.plan -> !one
  %q = moelora.plan -> !one
  %h = moelora.grouped_matmul gather %x by %p, %u
    : tensor<?x8xf32>, !one, tensor<1x1x8x8xf32> -> tensor<?x1x8xf32>
  %a = moelora.activation %h weighted(%v by %q : tensor<?x1xf32>, !one)
    {function = #moelora.act<relu2>} : tensor<?x1x8xf32> -> tensor<?x8xf32>
  %o = moelora.grouped_matmul %a by %p, %w sum
    : tensor<?x8xf32>, !one, tensor<1x8x8xf32> -> tensor<?x8xf32>
  moelora.yield %o : tensor<?x8xf32>
}
