// RUN: moelora-opt %s --moelora-fuse-epilogue -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// It means the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-fuse-epilogue | diff %t.mlir -
// Each step is a remark.
// RUN: moelora-opt %s --moelora-fuse-epilogue --remarks-filter=fuse-epilogue \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>

// CHECK-LABEL: moelora.layer @layer
// CHECK: %[[U:.*]] = moelora.shrink
// CHECK: %[[A:.*]] = moelora.grouped_matmul gather %hidden by %[[PLAN:.*]], %gate_up_weight
// CHECK-SAME: lora(%[[U]], %gate_up_adapters :
// CHECK-SAME: activate(<silu, gated>)
// CHECK-SAME: -> tensor<?x32xbf16>
// CHECK: %[[SA:.*]] = moelora.grouped_matmul gather %hidden by %[[ONE:.*]], %shared_gate_up_weight activate(<silu, gated>)
// CHECK: %[[S:.*]] = moelora.grouped_matmul %[[SA]] by %[[ONE]], %shared_down_weight :
// CHECK: %[[G:.*]] = moelora.grouped_matmul gather %hidden by %[[ONE]], %shared_score_weight :
// CHECK: %[[O:.*]] = moelora.grouped_matmul %[[A]] by %[[PLAN]], %down_weight
// CHECK-SAME: combine(%expert_weights : tensor<?x2xf32>)
// CHECK-SAME: shared(%[[S]] : tensor<?x64xf32>)
// CHECK-SAME: score(%[[G]] : tensor<?x1xf32>)
// CHECK-SAME: {routed_scale = 2.500000e+00 : f32}
// CHECK-SAME: -> tensor<?x64xbf16>
// CHECK: moelora.yield %[[O]]
// CHECK-NOT: moelora.{{activation|combine}}

// REMARK: remark: [Passed] Activate | Category:fuse-epilogue | function=silu, gated=true
// REMARK: remark: [Passed] Activate | Category:fuse-epilogue | function=silu, gated=true
// REMARK: remark: [Passed] Combine | Category:fuse-epilogue | identity=false, shared=true, top_k=2, weights=true
moelora.layer @layer(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %s13: tensor<1x2x24x64xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %s2: tensor<1x64x24xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %sv: tensor<1x1x64xbf16> {moelora.role = #moelora.role<shared_score_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !t13
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !t13 -> tensor<?x2x16xbf16>
  %h = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !t13)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.grouped_matmul %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xf32>
  %sh = moelora.grouped_matmul gather %x by %one, %s13
    : tensor<?x64xbf16>, !one, tensor<1x2x24x64xbf16> -> tensor<?x2x24xf32>
  %sa = moelora.activation %sh {function = #moelora.act<silu, gated>}
    : tensor<?x2x24xf32> -> tensor<?x24xbf16>
  %shared = moelora.grouped_matmul %sa by %one, %s2
    : tensor<?x24xbf16>, !one, tensor<1x64x24xbf16> -> tensor<?x64xf32>
  %score = moelora.grouped_matmul gather %x by %one, %sv
    : tensor<?x64xbf16>, !one, tensor<1x1x64xbf16> -> tensor<?x1xf32>
  %o = moelora.combine %y by %plan, %w shared(%shared : tensor<?x64xf32>)
    score(%score : tensor<?x1xf32>) {routed_scale = 2.5 : f32}
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
