// The intermediate sizes of a layer that chooses its experts, and of its shared
// expert. A sum of f32 is not rounded.
// RUN: moelora-opt %s -o %t.mlir --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-opt %t.mlir --moelora-instantiate | FileCheck %s --check-prefix=LOCAL
// LOCAL: moelora.layer @chosen_cut_1x4(

!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

shard.grid @grid(shape = 2x2x4)

moelora.layer @chosen(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %wr: tensor<1x8x64xf32> {moelora.role = #moelora.role<router_weight>},
    %w1: tensor<8x1x32x64xf32> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xf32> {moelora.role = #moelora.role<down_weight>},
    %s1: tensor<1x1x16x64xf32> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %s2: tensor<1x64x16xf32> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x64xf32> {
  %all = moelora.dispatch -> !one
  %l = moelora.expert_gemm gather %x by %all, %wr
    : tensor<?x64xf32>, !one, tensor<1x8x64xf32> -> tensor<?x8xf32>
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> !ids, !w
  %plan = moelora.dispatch %ids : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w1
    : tensor<?x64xf32>, !plan, tensor<8x1x32x64xf32> -> tensor<?x1x32xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x32xf32> -> tensor<?x32xf32>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xf32>, !plan, tensor<8x64x32xf32> -> tensor<?x64xf32>
  %k = moelora.expert_gemm gather %x by %all, %s1
    : tensor<?x64xf32>, !one, tensor<1x1x16x64xf32> -> tensor<?x1x16xf32>
  %b = moelora.activation %k {function = #moelora.act<relu2>}
    : tensor<?x1x16xf32> -> tensor<?x16xf32>
  %s = moelora.expert_gemm %b by %all, %s2
    : tensor<?x16xf32>, !one, tensor<1x64x16xf32> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w shared(%s : tensor<?x64xf32>)
    : tensor<?x64xf32>, !plan, !w -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @router_and_shared(
// CHECK-SAME: tensor<1x8x64xf32>, %{{.*}}: tensor<8x1x8x64xf32>, %{{.*}}: tensor<8x64x8xf32>, %{{.*}}: tensor<1x1x4x64xf32>, %{{.*}}: tensor<1x64x4xf32>)
// CHECK-NEXT: moelora.call @chosen({{.*}}) cut = [1, 4]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce {{.*}} grid_axes = [2] :
// CHECK-NEXT: return %[[SUM]]
func.func @router_and_shared(%x: tensor<?x64xf32>, %wr: tensor<1x8x64xf32>,
                             %w1: tensor<8x1x32x64xf32>,
                             %w2: tensor<8x64x32xf32>,
                             %s1: tensor<1x1x16x64xf32>,
                             %s2: tensor<1x64x16xf32>) -> tensor<?x64xf32> {
  %cut = shard.sharding @grid split_axes = [[], [], [2]] : !shard.sharding
  %d = shard.shard %s2 to %cut : tensor<1x64x16xf32>
  %y = moelora.call @chosen(%x, %wr, %w1, %w2, %s1, %d)
    : (tensor<?x64xf32>, tensor<1x8x64xf32>, tensor<8x1x32x64xf32>,
       tensor<8x64x32xf32>, tensor<1x1x16x64xf32>, tensor<1x64x16xf32>)
      -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
