// RUN: moelora-opt %s --moelora-canonicalize-adapters -o %t.mlir \
// RUN:   --remarks-filter=canonicalize-adapters 2> %t.log
// RUN: FileCheck %s --check-prefix=REMARK < %t.log
// A table with slots may have adapters: the layer is as it was.
// RUN: moelora-opt %s | diff %t.mlir -
// RUN: moelora-interpret %s --compare=%t.mlir
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-canonicalize-adapters | diff %t.mlir -

// REMARK-NOT: Passed
// REMARK: remark: [Missed] Delta | Category:canonicalize-adapters | Reason="the table has slots", slots=1
// REMARK-NOT: Passed

!one = !moelora.plan<1 experts, 1 slots, top_k = 1>
!table = !moelora.slot_table<1 slots, 1 experts, 1 x 16 x 16, max_rank = 16, bf16>

moelora.layer @one_slot(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t: !table {moelora.role = #moelora.role<shared_down_adapters>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %slot = moelora.resolve_slots %ids in %t : tensor<?xi32>, !table
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %y = moelora.expert_gemm gather %x by %one, %w
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xf32>
  %yd = moelora.lora_delta gather %x by %one, %t into %y
    : tensor<?x16xbf16>, !one, !table, tensor<?x16xf32>
  %o = moelora.combine %yd by %one : tensor<?x16xf32>, !one -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}
