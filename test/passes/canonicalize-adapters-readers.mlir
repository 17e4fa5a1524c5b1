// The delta of an empty table goes, but what an op of another dialect reads stays.
// RUN: moelora-opt %s --moelora-canonicalize-adapters -o %t.mlir \
// RUN:   --remarks-filter=canonicalize-adapters 2> %t.log
// RUN: FileCheck %s < %t.mlir
// RUN: FileCheck %s --check-prefix=REMARK < %t.log
// RUN: moelora-opt %t.mlir --moelora-canonicalize-adapters | diff %t.mlir -

// CHECK-LABEL: @slots_are_read
// CHECK: %[[SLOT:.*]] = moelora.resolve_slots %slots in %shared_down_adapters
// CHECK: %[[OTHER:.*]] = arith.maxsi %[[SLOT]]
// CHECK: moelora.dispatch slots(%[[OTHER]] :
// CHECK-NOT: moelora.lora_delta
// REMARK: remark: [Passed] Delta
// REMARK: remark: [Missed] Slots | Category:canonicalize-adapters | Reason="an op of another dialect reads the slots"
// REMARK-NOT: Argument

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
!table = !moelora.slot_table<0 slots, 1 experts, 1 x 16 x 16, max_rank = 16, bf16>

moelora.layer @slots_are_read(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t: !table {moelora.role = #moelora.role<shared_down_adapters>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %slot = moelora.resolve_slots %ids in %t : tensor<?xi32>, !table
  %other = arith.maxsi %slot, %slot : tensor<?xi32>
  %one = moelora.dispatch slots(%other : tensor<?xi32>) -> !one
  %y = moelora.expert_gemm gather %x by %one, %w
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xf32>
  %yd = moelora.lora_delta gather %x by %one, %t into %y
    : tensor<?x16xbf16>, !one, !table, tensor<?x16xf32>
  %o = moelora.combine %yd by %one : tensor<?x16xf32>, !one -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}
