// RUN: moelora-opt %s --moelora-shard=tp=2 -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-opt %s --pass-pipeline="builtin.module(moelora-shard{tp=2})" -o %t.module.mlir
// RUN: cmp %t.mlir %t.module.mlir
// RUN: moelora-opt %s --pass-pipeline="builtin.module(moelora.layer(moelora-shard{tp=2}))" \
// RUN:   -o %t.nested.mlir
// RUN: cmp %t.mlir %t.nested.mlir
// All ranks together compute what one rank does, in any mode, also once the ops
// are fused.
// RUN: moelora-interpret %t.mlir --compare=%s --tokens=33
// RUN: moelora-interpret %t.mlir --compare=%s --tokens=0
// Sums that are exact have the same bits. (u of down is rounded on each rank.)
// RUN: sed -e 's/ score([^)]*)//' -e 's/silu/relu2/' %s > %t.exact.mlir
// RUN: moelora-opt %t.exact.mlir --moelora-shard=tp=4 -o %t.four.mlir
// RUN: moelora-interpret %t.four.mlir --compare=%t.exact.mlir --tokens=40 \
// RUN:   --mode=rounded --exact-data=3 --ranks=0
// RUN: moelora-opt %t.mlir --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-verify-level=level=fused -o %t.fused.mlir
// RUN: FileCheck %s --check-prefix=FUSED < %t.fused.mlir
// RUN: moelora-interpret %t.fused.mlir --compare=%s --tokens=33 --seed=3
// RUN: moelora-opt %s --moelora-shard=tp=8 -o %t.eight.mlir
// RUN: moelora-interpret %t.eight.mlir --compare=%s --tokens=9 --seed=4 \
// RUN:   | FileCheck %s --check-prefix=RANKS
// RANKS: @layer rank 0: worst error / bound
// RANKS: @layer rank 7: worst error / bound
// RANKS: @latent rank 7: worst error / bound

// One rank is the whole layer.
// RUN: moelora-opt %s -o %t.same.mlir
// RUN: moelora-opt %s --moelora-shard | diff %t.same.mlir -

// Each sum between ranks is a remark.
// RUN: moelora-opt %s --moelora-shard=tp=2 --remarks-filter=shard \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// REMARK: remark: [Passed] Reduce | Category:shard | {{.*}}columns=64
// REMARK: remark: [Passed] Reduce | Category:shard | {{.*}}columns=32
// REMARK: remark: [Passed] Reduce | Category:shard | {{.*}}columns=64
// REMARK-NOT: Reduce

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 12, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 12, bf16>
!ts = !moelora.slot_table<4 slots, 1 experts, 1 x 64 x 16, max_rank = 12, bf16>

// Routed and shared experts are partial sums of one combine. Rows of identity
// experts and biases of down count once.
// CHECK-LABEL: moelora.layer @layer
// CHECK-SAME: %gate_up_weight: tensor<8x2x16x64xbf16>
// CHECK-SAME: %gate_up_bias: tensor<8x2x16xf32>
// CHECK-SAME: %down_weight: tensor<8x64x16xbf16>
// CHECK-SAME: %down_bias: tensor<8x64xf32>
// CHECK-SAME: %shared_gate_up_weight: tensor<1x2x8x64xbf16>
// CHECK-SAME: %shared_down_weight: tensor<1x64x8xbf16>
// CHECK-SAME: %gate_up_adapters: !moelora.slot_table<4 slots, 8 experts, 2 x 16 x 64, max_rank = 12, bf16>
// CHECK-SAME: %down_adapters: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 16, max_rank = 12, bf16>
// CHECK-SAME: %shared_down_adapters: !moelora.slot_table<4 slots, 1 experts, 1 x 64 x 8, max_rank = 12, bf16>
// CHECK-SAME: attributes {grid = #moelora.grid<dp = 1, ep = 1, tp = 2>}
// CHECK: moelora.expert_gemm gather %hidden by %{{.*}}, %gate_up_weight bias(%gate_up_bias : tensor<8x2x16xf32>) :
// CHECK: moelora.expert_gemm %{{.*}} by %{{.*}}, %down_weight bias(%down_bias : tensor<8x64xf32>) once :
// CHECK: %[[P:.*]] = moelora.combine
// CHECK-NOT: identity
// CHECK-SAME: shared(%{{.*}} : tensor<?x64xf32>) score(%{{.*}} : tensor<?x1xf32>)
// CHECK-SAME: -> tensor<?x64xf32>
// CHECK-NEXT: %[[S:.*]] = moelora.reduce %[[P]] over <tp> : tensor<?x64xf32>
// CHECK-NEXT: %[[O:.*]] = moelora.finish %[[S]] identity(%hidden, %{{.*}} : tensor<?x64xbf16>, tensor<?x1xf32>)
// CHECK-SAME: {routed_scale = 1.500000e+00 : f32} : tensor<?x64xf32> -> tensor<?x64xbf16>
// CHECK-NEXT: moelora.yield %[[O]]

// FUSED-LABEL: moelora.layer @layer
// FUSED: moelora.grouped_matmul %{{.*}} by %{{.*}}, %down_weight bias(%down_bias : tensor<8x64xf32>) once lora(
// FUSED-SAME: combine(
// FUSED-SAME: -> tensor<?x64xf32>
// FUSED: moelora.reduce
// FUSED: moelora.finish
moelora.layer @layer(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %b13: tensor<8x2x32xf32> {moelora.role = #moelora.role<gate_up_bias>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %b2: tensor<8x64xf32> {moelora.role = #moelora.role<down_bias>},
    %v13: tensor<1x2x16x64xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %v2: tensor<1x64x16xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %vs: tensor<1x1x64xbf16> {moelora.role = #moelora.role<shared_score_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>},
    %ts: !ts {moelora.role = #moelora.role<shared_down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13, %t2, %ts : tensor<?xi32>, !t13, !t2, !ts
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %g = moelora.expert_gemm gather %x by %one, %v13
    : tensor<?x64xbf16>, !one, tensor<1x2x16x64xbf16> -> tensor<?x2x16xf32>
  %ga = moelora.activation %g {function = #moelora.act<silu, gated>}
    : tensor<?x2x16xf32> -> tensor<?x16xbf16>
  %sh = moelora.expert_gemm %ga by %one, %v2
    : tensor<?x16xbf16>, !one, tensor<1x64x16xbf16> -> tensor<?x64xf32>
  %shd = moelora.lora_delta %ga by %one, %ts into %sh
    : tensor<?x16xbf16>, !one, !ts, tensor<?x64xf32>
  %score = moelora.expert_gemm gather %x by %one, %vs
    : tensor<?x64xbf16>, !one, tensor<1x1x64xbf16> -> tensor<?x1xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) {zero_experts = 2 : i64}
    : tensor<?x2xi32> -> !plan
  %iw = moelora.identity_weight %ids, %w from 8 to 10
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %h = moelora.expert_gemm gather %x by %plan, %w13
    bias(%b13 : tensor<8x2x32xf32>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : tensor<?x64xbf16>, !plan, !t13, tensor<?x2x32xf32>
  %a = moelora.activation %hd {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2 bias(%b2 : tensor<8x64xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x32xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    identity(%x, %iw : tensor<?x64xbf16>, tensor<?x1xf32>)
    shared(%shd : tensor<?x64xf32>) score(%score : tensor<?x1xf32>)
    {routed_scale = 1.5 : f32, shared_scale = 0.5 : f32}
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

!pairs = !moelora.plan<8 experts, 0 slots, top_k = 2>
!all = !moelora.plan<1 experts, 0 slots, top_k = 1>

// Behind a latent projection, which every rank computes whole, the shared
// expert's partial sums have another width and a sum of their own.
// CHECK-LABEL: moelora.layer @latent
// CHECK: %[[P:.*]] = moelora.combine %{{.*}} by %{{.*}}, %expert_weights :
// CHECK: %[[S:.*]] = moelora.reduce %[[P]] over <tp> : tensor<?x32xf32>
// CHECK: %[[R:.*]] = moelora.finish %[[S]] : tensor<?x32xf32> -> tensor<?x32xbf16>
// CHECK: %[[L:.*]] = moelora.expert_gemm gather %[[R]] by %{{.*}}, %latent_out_weight :
// CHECK: %[[SHARED:.*]] = moelora.reduce %{{.*}} over <tp> : tensor<?x64xf32>
// CHECK: moelora.combine %[[L]] by %{{.*}} shared(%[[SHARED]] : tensor<?x64xf32>)
// CHECK-SAME: -> tensor<?x64xbf16>
moelora.layer @latent(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x1x16x32xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x32x16xbf16> {moelora.role = #moelora.role<down_weight>},
    %li: tensor<1x32x64xbf16> {moelora.role = #moelora.role<latent_in_weight>},
    %lo: tensor<1x64x32xbf16> {moelora.role = #moelora.role<latent_out_weight>},
    %v13: tensor<1x1x24x64xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %v2: tensor<1x64x24xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x64xbf16> {
  %all = moelora.dispatch -> !all
  %n = moelora.expert_gemm gather %x by %all, %li
    : tensor<?x64xbf16>, !all, tensor<1x32x64xbf16> -> tensor<?x32xf32>
  %in = moelora.combine %n by %all : tensor<?x32xf32>, !all -> tensor<?x32xbf16>
  %g = moelora.expert_gemm gather %x by %all, %v13
    : tensor<?x64xbf16>, !all, tensor<1x1x24x64xbf16> -> tensor<?x1x24xf32>
  %ga = moelora.activation %g {function = #moelora.act<relu2>}
    : tensor<?x1x24xf32> -> tensor<?x24xbf16>
  %sh = moelora.expert_gemm %ga by %all, %v2
    : tensor<?x24xbf16>, !all, tensor<1x64x24xbf16> -> tensor<?x64xf32>
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !pairs
  %h = moelora.expert_gemm gather %in by %plan, %w13
    : tensor<?x32xbf16>, !pairs, tensor<8x1x16x32xbf16> -> tensor<?x1x16xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x16xf32> -> tensor<?x16xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x16xbf16>, !pairs, tensor<8x32x16xbf16> -> tensor<?x32xf32>
  %r = moelora.combine %y by %plan, %w
    : tensor<?x32xf32>, !pairs, tensor<?x2xf32> -> tensor<?x32xbf16>
  %l = moelora.expert_gemm gather %r by %all, %lo
    : tensor<?x32xbf16>, !all, tensor<1x64x32xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %l by %all shared(%sh : tensor<?x64xf32>)
    : tensor<?x64xf32>, !all -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
