// The plan of a shared expert is that of tokens, too.
// RUN: moelora-opt %s --moelora-shared-outer -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!t13 = !moelora.slot_table<4 slots, 8 experts sharing a, 2 x 32 x 64, max_rank = 16, bf16>

// CHECK-LABEL: moelora.layer @old_plan
// CHECK: %[[PLAN:.*]] = moelora.plan %expert_ids
// CHECK: %[[ONE:.*]] = moelora.plan slots(
// CHECK-NOT: moelora.plan slots(
// CHECK: %[[U:.*]] = moelora.shrink %hidden by %[[ONE]], %gate_up_adapters
// CHECK: moelora.grouped_matmul gather %hidden by %[[PLAN]], %gate_up_weight lora(gather %[[U]], %gate_up_adapters :
moelora.layer @old_plan(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %s13: tensor<1x2x24x64xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %s2: tensor<1x64x24xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !t13
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !t13 -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !t13) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
  %sa = moelora.grouped_matmul %x by %one, %s13 activate(<silu, gated>)
    : tensor<?x64xbf16>, !one, tensor<1x2x24x64xbf16> -> tensor<?x24xbf16>
  %sy = moelora.grouped_matmul %sa by %one, %s2
    : tensor<?x24xbf16>, !one, tensor<1x64x24xbf16> -> tensor<?x64xf32>
  %o = moelora.grouped_matmul %a by %plan, %w2
    combine(%w : tensor<?x2xf32>) shared(%sy : tensor<?x64xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
