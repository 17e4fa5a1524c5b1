// Epilogues bring their other operands along: weights on the experts' input,
// rows that are added, scales. A combine without weights becomes a sum.
// RUN: moelora-opt %s --moelora-fuse-epilogue -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// It means the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-fuse-epilogue | diff %t.mlir -
// Each step is a remark.
// RUN: moelora-opt %s --moelora-fuse-epilogue --remarks-filter=fuse-epilogue \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!table = !moelora.slot_table<4 slots, 1 experts, 1 x 64 x 64, max_rank = 16, bf16>

// CHECK-LABEL: @weight_on_input
// CHECK: %[[A:.*]] = moelora.grouped_matmul gather %hidden
// CHECK-SAME: weighted(%expert_weights : tensor<?x2xf32>) activate(<silu, gated>)
// CHECK: moelora.grouped_matmul %[[A]] by {{.*}} sum :
// CHECK-NOT: moelora.{{activation|combine}}
// REMARK: remark: [Passed] Activate | Category:fuse-epilogue | function=silu, gated=true, weighted=true
// REMARK: remark: [Passed] Combine | Category:fuse-epilogue | identity=false, shared=false, top_k=2, weights=false
moelora.layer @weight_on_input(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<4x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x64x32xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %h = moelora.grouped_matmul gather %x by %plan, %w13
    : tensor<?x64xbf16>, !plan, tensor<4x2x32x64xbf16> -> tensor<?x2x32xf32>
  %a = moelora.activation %h weighted(%w by %plan : tensor<?x2xf32>, !plan)
    {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.grouped_matmul %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<4x64x32xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan
    : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// The two ids that follow the four experts give back the row that they read.
// CHECK-LABEL: @identity
// CHECK: %[[IW:.*]] = moelora.identity_weight
// CHECK: %[[S:.*]] = moelora.grouped_matmul gather %hidden by {{.*}}, %shared_down_weight
// CHECK: moelora.grouped_matmul gather %hidden by {{.*}}, %down_weight
// CHECK-SAME: combine(%expert_weights : tensor<?x2xf32>)
// CHECK-SAME: identity(%hidden, %[[IW]] : tensor<?x64xbf16>, tensor<?x1xf32>)
// CHECK-SAME: shared(%[[S]] : tensor<?x64xf32>)
// CHECK-SAME: {routed_scale = 2.500000e+00 : f32, shared_scale = 5.000000e-01 : f32}
// CHECK-NOT: moelora.combine
// REMARK: remark: [Passed] Combine | Category:fuse-epilogue | identity=true, shared=true, top_k=2, weights=true
moelora.layer @identity(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %s2: tensor<1x64x64xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t: !table {moelora.role = #moelora.role<shared_down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %slots in %t : tensor<?xi32>, !table
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %plan = moelora.plan %ids {zero_experts = 2 : i64}
    : tensor<?x2xi32> -> !plan
  %iw = moelora.identity_weight %ids, %w from 4 to 6
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %y = moelora.grouped_matmul gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %s = moelora.grouped_matmul gather %x by %one, %s2
    : tensor<?x64xbf16>, !one, tensor<1x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w
    identity(%x, %iw : tensor<?x64xbf16>, tensor<?x1xf32>)
    shared(%s : tensor<?x64xf32>)
    {routed_scale = 2.5 : f32, shared_scale = 0.5 : f32}
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
