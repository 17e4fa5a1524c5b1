// Tables without slots have no adapters: what is left is a layer without LoRA.
// RUN: moelora-opt %s --moelora-canonicalize-adapters -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// It means the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-canonicalize-adapters | diff %t.mlir -
// A fused layer is left the same one as if it was fused afterwards.
// RUN: moelora-opt %t.mlir --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   -o %t.fused.mlir
// RUN: moelora-opt %s --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-canonicalize-adapters | diff %t.fused.mlir -
// Each step is a remark.
// RUN: moelora-opt %s --moelora-canonicalize-adapters -o /dev/null \
// RUN:   --remarks-filter=canonicalize-adapters 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: moelora.layer @layer
// CHECK-NOT: moelora.role<slots>
// CHECK-NOT: moelora.slot_table
// CHECK-NOT: moelora.resolve_slots
// CHECK: moelora.dispatch %expert_ids : tensor<?x2xi32> ->
// CHECK: %[[H:.*]] = moelora.expert_gemm gather %hidden
// CHECK: moelora.activation %[[H]]
// CHECK-NOT: moelora.lora_delta

// REMARK: remark: [Passed] Delta | Category:canonicalize-adapters | Remark="the table has no slots", max_rank=16, slices=2
// REMARK: remark: [Passed] Delta | Category:canonicalize-adapters | Remark="the table has no slots", max_rank=16, slices=1
// REMARK: remark: [Passed] Slots | Category:canonicalize-adapters | Remark="no table has slots", tables=2
// REMARK: remark: [Passed] Argument | Category:canonicalize-adapters | role=down_adapters
// REMARK: remark: [Passed] Argument | Category:canonicalize-adapters | role=gate_up_adapters
// REMARK: remark: [Passed] Argument | Category:canonicalize-adapters | role=slots

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
!t13 = !moelora.slot_table<0 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
!t2 = !moelora.slot_table<0 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

moelora.layer @layer(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13, %t2 : tensor<?xi32>, !t13, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : tensor<?x64xbf16>, !plan, !t13, tensor<?x2x32xf32>
  %a = moelora.activation %hd {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x32xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
