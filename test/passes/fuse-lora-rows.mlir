// What a delta brings along: rows of its own, of another type than the GEMM's,
// and a plan with experts that have no weights.
// RUN: moelora-opt %s --moelora-fuse-lora -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// It means the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-fuse-lora | diff %t.mlir -

!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!router = !moelora.slot_table<4 slots, 1 experts, 1 x 6 x 64, max_rank = 16, bf16>
!table = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>

// The adapter of the experts reads another tensor than its base.
// CHECK-LABEL: @other_rows
// CHECK: %[[U:.*]] = moelora.shrink gather %router_hidden by
// CHECK: moelora.grouped_matmul gather %hidden by {{.*}} lora(%[[U]], %down_adapters
// CHECK-NOT: moelora.{{expert_gemm|lora_delta}}
moelora.layer @other_rows(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %z: tensor<?x64xbf16> {moelora.role = #moelora.role<router_hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %v: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %t: !table {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %hd = moelora.lora_delta gather %z by %plan, %t into %h
    : tensor<?x64xbf16>, !plan, !table, tensor<?x64xf32>
  %o = moelora.combine %hd by %plan, %v
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// A router that multiplies a norm in f32; its adapter reads it rounded. Two of
// the six experts that it knows have no weights.
// CHECK-LABEL: @wide_router
// CHECK-DAG: %[[WIDE:.*]] = moelora.rms_norm {{.*}} -> tensor<?x64xf32>
// CHECK-DAG: %[[ROUNDED:.*]] = moelora.rms_norm {{.*}} -> tensor<?x64xbf16>
// CHECK: %[[U:.*]] = moelora.shrink gather %[[ROUNDED]] by
// CHECK: moelora.grouped_matmul gather %[[WIDE]] by {{.*}} lora(%[[U]], %router_adapters
// CHECK: moelora.plan {{.*}} {zero_experts = 2 : i64}
// CHECK-NOT: moelora.{{dispatch|expert_gemm|lora_delta}}
moelora.layer @wide_router(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x6x64xf32> {moelora.role = #moelora.role<router_weight>},
    %w: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %t: !router {moelora.role = #moelora.role<router_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !router
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %wide = moelora.rms_norm %x {epsilon = 1.0e-06 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xf32>
  %rounded = moelora.rms_norm %x {epsilon = 1.0e-06 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xbf16>
  %l = moelora.expert_gemm gather %wide by %one, %wr
    : tensor<?x64xf32>, !one, tensor<1x6x64xf32> -> tensor<?x6xf32>
  %ld = moelora.lora_delta gather %rounded by %one, %t into %l
    : tensor<?x64xbf16>, !one, !router, tensor<?x6xf32>
  %ids, %v = moelora.route %ld
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x6xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    {zero_experts = 2 : i64} : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %v
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
