// A layer that chooses experts: a part has the whole router, and the map says
// which of the chosen experts are its own.
// RUN: moelora-opt %s -o %t.mlir --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-opt %t.mlir --moelora-instantiate -o %t.local
// RUN: FileCheck %s --check-prefix=LOCAL < %t.local
// A second run changes nothing, and neither does bytecode.
// RUN: moelora-opt %t.local --moelora-instantiate | diff %t.local -
// RUN: moelora-opt %t.local --emit-bytecode | moelora-opt | diff %t.local -

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!wr = tensor<1x8x64xbf16>
!w2 = tensor<8x64x64xbf16>
!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!tr = !moelora.slot_table<4 slots, 1 experts, 1 x 8 x 64, max_rank = 16, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 64, max_rank = 16, bf16>

shard.grid @grid(shape = 2x4)

// LOCAL: moelora.layer @chosen_cut_4x1(
// LOCAL-SAME: tensor<1x8x64xbf16> {moelora.role = #moelora.role<router_weight>}
// LOCAL-SAME: tensor<2x64x64xbf16> {moelora.role = #moelora.role<down_weight>}
// LOCAL-SAME: !moelora.slot_table<4 slots, 1 experts, 1 x 8 x 64, max_rank = 16, bf16> {moelora.role = #moelora.role<router_adapters>}
// LOCAL-SAME: !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 64, max_rank = 16, bf16>
// LOCAL-SAME: %[[MAP:.*]]: tensor<1x8xi32> {moelora.role = #moelora.role<expert_map>}) -> tensor<?x64xf32>
// LOCAL: dispatch slots({{.*}}) -> <1 experts
// LOCAL: lora_delta
// LOCAL: route {{.*}} : tensor<?x8xf32> ->
// LOCAL: dispatch {{.*}} map(%[[MAP]] : tensor<1x8xi32>) {{.*}} -> <2 experts, 4 slots, top_k = 2>
moelora.layer @chosen(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: !wr {moelora.role = #moelora.role<router_weight>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>},
    %tr: !tr {moelora.role = #moelora.role<router_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %s in %tr, %t2 : tensor<?xi32>, !tr, !t2
  %all = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %l = moelora.expert_gemm gather %x by %all, %wr
    : !x, !one, !wr -> tensor<?x8xf32>
  %ld = moelora.lora_delta gather %x by %all, %tr into %l
    : !x, !one, !tr, tensor<?x8xf32>
  %ids, %w = moelora.route %ld
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> !ids, !w
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : !ids -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, !w2 -> tensor<?x64xf32>
  %yd = moelora.lora_delta gather %x by %plan, %t2 into %y
    : !x, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w : tensor<?x64xf32>, !plan, !w -> !x
  moelora.yield %o : !x
}

// The table of the router is whole.
// CHECK-LABEL: func.func @experts(
// CHECK-SAME: tensor<1x8x64xbf16>, %{{.*}}: tensor<2x64x64xbf16>, %[[TR:.*]]: !moelora.slot_table<4 slots, 1 experts, 1 x 8 x 64, max_rank = 16, bf16>, %{{.*}}: !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 64, max_rank = 16, bf16>)
// CHECK: %[[EP:.*]] = shard.process_multi_index on @grid axes = [1] : index
// CHECK: arith.muli %[[EP]], %c2
// CHECK: %[[MAP:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x8xi32>)
// CHECK: moelora.call @chosen({{.*}}, %[[TR]], %{{.*}}, %[[MAP]]) cut = [4, 1]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce {{.*}} grid_axes = [1] :
// CHECK-NEXT: arith.truncf %[[SUM]]
func.func @experts(%x: !x, %s: tensor<?xi32>, %wr: !wr, %w2: !w2, %tr: !tr,
                   %t2: !t2) -> !x {
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @chosen(%x, %s, %wr, %d, %tr, %t2)
    : (!x, tensor<?xi32>, !wr, !w2, !tr, !t2) -> !x
  return %y : !x
}
