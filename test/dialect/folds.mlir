// RUN: moelora-opt %s --canonicalize | FileCheck %s

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
!some = !moelora.plan<8 experts, 4 slots, top_k = 2>
!none = !moelora.slot_table<0 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>

// A table without slots has no delta to add.
// CHECK-LABEL: @empty_table
// CHECK-SAME: %[[H:[a-z0-9]+]]: tensor<?x32xf32>
// CHECK-NOT: lora_delta
// CHECK: return %[[H]]
func.func @empty_table(%h: tensor<?x32xf32>, %x: tensor<?x64xbf16>,
                       %plan: !plan, %table: !none) -> tensor<?x32xf32> {
  %hd = moelora.lora_delta gather %x by %plan, %table into %h
    : tensor<?x64xbf16>, !plan, !none, tensor<?x32xf32>
  return %hd : tensor<?x32xf32>
}

// CHECK-LABEL: @table_with_slots
// CHECK: %[[HD:.*]] = moelora.lora_delta
// CHECK: return %[[HD]]
func.func @table_with_slots(%h: tensor<?x32xf32>, %x: tensor<?x64xbf16>,
                            %plan: !some, %table: !table) -> tensor<?x32xf32> {
  %hd = moelora.lora_delta gather %x by %plan, %table into %h
    : tensor<?x64xbf16>, !some, !table, tensor<?x32xf32>
  return %hd : tensor<?x32xf32>
}

// Every op is pure: what nobody reads goes away.
// CHECK-LABEL: @unread
// CHECK-NOT: moelora.dispatch
// CHECK: return
func.func @unread(%ids: tensor<?x2xi32>) {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  return
}
