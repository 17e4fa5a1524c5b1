// RUN: moelora-opt %s --moelora-fuse-lora -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// It means the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-fuse-lora | diff %t.mlir -
// Each step is a remark.
// RUN: moelora-opt %s --moelora-fuse-lora --remarks-filter=fuse-lora \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 12, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 12, bf16>

// CHECK-LABEL: moelora.layer @layer
// CHECK: %[[ONE:.*]] = moelora.plan slots(%{{.*}} : tensor<?xi32>)
// CHECK: moelora.grouped_matmul gather %hidden by %[[ONE]], %router_weight :
// CHECK: %[[PLAN:.*]] = moelora.plan %{{.*}} slots(%{{.*}} : tensor<?xi32>)
// CHECK: %[[U13:.*]] = moelora.shrink gather %hidden by %[[PLAN]], %gate_up_adapters
// CHECK-SAME: -> tensor<?x2x12xbf16>
// CHECK: %[[H:.*]] = moelora.grouped_matmul gather %hidden by %[[PLAN]], %gate_up_weight
// CHECK-SAME: bias(%gate_up_bias : tensor<8x2x32xf32>)
// CHECK-SAME: lora(%[[U13]], %gate_up_adapters :
// CHECK: %[[A:.*]] = moelora.activation %[[H]]
// CHECK: %[[U2:.*]] = moelora.shrink %[[A]] by %[[PLAN]], %down_adapters
// CHECK-SAME: -> tensor<?x1x12xbf16>
// CHECK: %[[Y:.*]] = moelora.grouped_matmul %[[A]] by %[[PLAN]], %down_weight lora(%[[U2]],
// CHECK: moelora.combine %[[Y]] by %[[PLAN]]
// CHECK-NOT: moelora.{{dispatch|expert_gemm|lora_delta}}

// REMARK: remark: [Passed] Plan | Category:fuse-lora | experts=1, slots=4, top_k=1
// REMARK: remark: [Passed] Plan | Category:fuse-lora | experts=8, slots=4, top_k=2
// REMARK: remark: [Passed] GroupedMatmul | Category:fuse-lora | Remark="GEMM without delta"
// REMARK: remark: [Passed] GroupedMatmul | Category:fuse-lora | Remark="GEMM and delta share accumulators", max_rank=12, slices=2, slots=4
// REMARK: remark: [Passed] GroupedMatmul | Category:fuse-lora | Remark="GEMM and delta share accumulators", max_rank=12, slices=1, slots=4
moelora.layer @layer(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x8x64xbf16> {moelora.role = #moelora.role<router_weight>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %b13: tensor<8x2x32xf32> {moelora.role = #moelora.role<gate_up_bias>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13, %t2 : tensor<?xi32>, !t13, !t2
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %logits = moelora.expert_gemm gather %x by %one, %wr
    : tensor<?x64xbf16>, !one, tensor<1x8x64xbf16> -> tensor<?x8xf32>
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax, renormalize = sum>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    bias(%b13 : tensor<8x2x32xf32>)
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
