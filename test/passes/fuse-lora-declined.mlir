// RUN: moelora-opt %s --moelora-fuse-lora --remarks-filter=fuse-lora \
// RUN:   -o %t.mlir 2> %t.log
// RUN: FileCheck %s < %t.mlir
// RUN: FileCheck %s --check-prefix=REMARK < %t.log
// What is declined keeps its meaning, and is declined again.
// RUN: moelora-interpret %s --compare=%t.mlir
// RUN: moelora-opt %t.mlir --moelora-fuse-lora | diff %t.mlir -

!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, f32>

// The accumulator without its delta is read too.
// CHECK-LABEL: @other_uses
// CHECK: moelora.plan
// CHECK: %[[H:.*]] = moelora.expert_gemm
// CHECK: moelora.lora_delta {{.*}} into %[[H]]
// REMARK: remark: [Missed] GroupedMatmul | Category:fuse-lora | Reason="the accumulator has other uses than the delta"
moelora.layer @other_uses(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w: tensor<4x64x64xf32> {moelora.role = #moelora.role<down_weight>},
    %t: !table {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xf32> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<4x64x64xf32> -> tensor<?x64xf32>
  %hd = moelora.lora_delta gather %x by %plan, %t into %h
    : tensor<?x64xf32>, !plan, !table, tensor<?x64xf32>
  %base = moelora.combine %h by %plan, %v
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xf32>
  %o = moelora.combine %hd by %plan, %v shared(%base : tensor<?x64xf32>)
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}

// Equal plans are not the same plan: one may serve slots, the other not.
!base = !moelora.plan<1 experts, 0 slots, top_k = 1>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!shared = !moelora.slot_table<4 slots, 1 experts, 1 x 64 x 64, max_rank = 16, f32>
// CHECK-LABEL: @two_plans
// CHECK: moelora.expert_gemm
// CHECK: moelora.lora_delta
// REMARK: remark: [Missed] GroupedMatmul | Category:fuse-lora | Reason="GEMM and delta go by different plans"
moelora.layer @two_plans(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w: tensor<1x64x64xf32> {moelora.role = #moelora.role<shared_down_weight>},
    %t: !shared {moelora.role = #moelora.role<shared_down_adapters>})
    -> tensor<?x64xf32> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !shared
  %p = moelora.dispatch -> !base
  %q = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %h = moelora.expert_gemm gather %x by %p, %w
    : tensor<?x64xf32>, !base, tensor<1x64x64xf32> -> tensor<?x64xf32>
  %hd = moelora.lora_delta gather %x by %q, %t into %h
    : tensor<?x64xf32>, !one, !shared, tensor<?x64xf32>
  %o = moelora.combine %hd by %p
    : tensor<?x64xf32>, !base -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}
