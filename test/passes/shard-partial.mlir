// Layers that leave the sum over ranks to their caller.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --moelora-shard="ep=2 tp=2 partial" | FileCheck %s
// Without ranks along ep and tp there is nothing to add up.
// RUN: sed -e '/^\/\/ -----/,$d' %s > %t.mlir
// RUN: moelora-opt %t.mlir --moelora-shard="dp=2 partial" | FileCheck %s --check-prefix=WHOLE
// RUN: not moelora-opt %t.mlir --moelora-shard="ep=2 scheme=allgather partial" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TOKENS
// CHECK-LABEL: moelora.layer @layer
// CHECK-SAME: -> tensor<?x16xf32>
// CHECK: moelora.expert_gemm {{.*}} bias(%down_bias : tensor<2x16xf32>) once
// CHECK: %[[P:.*]] = moelora.combine {{.*}} shared(%{{.*}} once : tensor<?x16xf32>)
// CHECK-SAME: -> tensor<?x16xf32>
// CHECK-NOT: moelora.reduce
// CHECK-NEXT: moelora.yield %[[P]] : tensor<?x16xf32>

// WHOLE: moelora.layer @layer
// WHOLE-SAME: -> tensor<?x16xbf16>
// TOKENS: error: 'moelora.layer' op expects ranks with the same tokens for partial, but the grid #moelora.grid<dp = 1, ep = 2, tp = 1, tokens = <ep>> cuts tokens

!x = tensor<?x16xbf16>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @layer(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w: !w {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<4x1x8x16xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x16x8xbf16> {moelora.role = #moelora.role<down_weight>},
    %b2: tensor<4x16xf32> {moelora.role = #moelora.role<down_bias>},
    %v13: tensor<1x1x6x16xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %v2: tensor<1x16x6xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan, tensor<4x1x8x16xbf16> -> tensor<?x1x8xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x8xf32> -> tensor<?x8xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2 bias(%b2 : tensor<4x16xf32>)
    : tensor<?x8xbf16>, !plan, tensor<4x16x8xbf16> -> tensor<?x16xf32>
  %one = moelora.dispatch -> !one
  %g = moelora.expert_gemm gather %x by %one, %v13
    : !x, !one, tensor<1x1x6x16xbf16> -> tensor<?x1x6xf32>
  %b = moelora.activation %g {function = #moelora.act<relu2>}
    : tensor<?x1x6xf32> -> tensor<?x6xbf16>
  %s = moelora.expert_gemm %b by %one, %v2
    : tensor<?x6xbf16>, !one, tensor<1x16x6xbf16> -> tensor<?x16xf32>
  %o = moelora.combine %y by %plan, %w shared(%s : tensor<?x16xf32>)
    : tensor<?x16xf32>, !plan, !w -> !x
  moelora.yield %o : !x
}

// -----

!x = tensor<?x16xbf16>
!ids = tensor<?x2xi32>
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @norm(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x16x16xbf16> {moelora.role = #moelora.role<down_weight>})
    -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %a = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, tensor<4x16x16xbf16> -> tensor<?x16xf32>
  %o = moelora.combine %a by %plan : tensor<?x16xf32>, !plan -> !x
  // expected-error @below {{expects the whole sum, but with partial the layer yields the sum of each rank}}
  %n = moelora.rms_norm %o {epsilon = 1.0e-06 : f32, scale = 1.0 : f32} : !x -> !x
  moelora.yield %n : !x
}

// -----

!x = tensor<?x16xbf16>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @identity(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w: !w {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x16x16xbf16> {moelora.role = #moelora.role<down_weight>})
    -> !x {
  %plan = moelora.dispatch %ids {zero_experts = 2 : i64} : !ids -> !plan
  %i = moelora.identity_weight %ids, %w from 4 to 6
    : !ids, !w -> tensor<?x1xf32>
  %a = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, tensor<4x16x16xbf16> -> tensor<?x16xf32>
  // expected-error @below {{expects no identity rows where the layer yields partial sums, because every rank would add them}}
  %o = moelora.combine %a by %plan, %w identity(%x, %i : !x, tensor<?x1xf32>)
    : tensor<?x16xf32>, !plan, !w -> !x
  moelora.yield %o : !x
}
