// Experts that share A need one row of u for each token.
// RUN: moelora-opt %s --moelora-shared-outer -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// It means the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-shared-outer | diff %t.mlir -
// RUN: moelora-opt %s --moelora-shared-outer --remarks-filter=shared-outer \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// The layer without it and with it have one description.
// RUN: moelora-opt %t.mlir --moelora-schedule -o %t.cpu.mlir
// RUN: moelora-opt %t.cpu.mlir --convert-moelora-to-cpu -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=DESCRIBED --allow-empty
// DESCRIBED-NOT: does not describe

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t13 = !moelora.slot_table<4 slots, 8 experts sharing a, 2 x 32 x 64, max_rank = 16, bf16>

// CHECK-LABEL: moelora.layer @new_plan
// CHECK: %[[SLOT:.*]] = moelora.resolve_slots
// CHECK: %[[PLAN:.*]] = moelora.plan %expert_ids slots(%[[SLOT]] : tensor<?xi32>)
// CHECK: %[[TOKENS:.*]] = moelora.plan slots(%[[SLOT]] : tensor<?xi32>) -> <1 experts, 4 slots, top_k = 1>
// CHECK: %[[U:.*]] = moelora.shrink %hidden by %[[TOKENS]], %gate_up_adapters
// CHECK: moelora.grouped_matmul gather %hidden by %[[PLAN]], %gate_up_weight lora(gather %[[U]], %gate_up_adapters :

// REMARK: remark: [Passed] SharedA | Category:shared-outer | Remark="one row for each token", experts=8, top_k=2
moelora.layer @new_plan(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !t13
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !t13 -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !t13) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
