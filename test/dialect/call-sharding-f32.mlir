// A layer that chooses its experts, and has a shared expert, of which all parts
// have an equal share. A sum of f32 is not rounded.
// RUN: moelora-opt %s -o %t.mlir --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-opt %t.mlir --moelora-instantiate | FileCheck %s --check-prefix=LOCAL
// LOCAL: moelora.layer @chosen_cut_1x4(
// LOCAL-NOT: expert_map
// LOCAL: moelora.layer @chosen_cut_2x4(
// LOCAL-SAME: %{{.*}}: tensor<1x8x64xf32> {moelora.role = #moelora.role<router_weight>}, %{{.*}}: tensor<4x1x8x64xf32>
// LOCAL-SAME: tensor<1x1x2x64xf32> {moelora.role = #moelora.role<shared_gate_up_weight>}, %{{.*}}: tensor<1x64x2xf32> {moelora.role = #moelora.role<shared_down_weight>}, %[[MAP:.*]]: tensor<1x8xi32> {moelora.role = #moelora.role<expert_map>}) -> tensor<?x64xf32>
// LOCAL: route {{.*}} : tensor<?x8xf32> ->
// LOCAL: dispatch {{.*}} map(%[[MAP]] : tensor<1x8xi32>) {{.*}} -> <4 experts
// LOCAL: activation {{.*}} -> tensor<?x2xf32>
// LOCAL: moelora.layer @chosen_cut_2x1(
// LOCAL: func.func
// A second run changes nothing, and neither does bytecode.
// RUN: moelora-opt %t.mlir --moelora-instantiate -o %t.local
// RUN: moelora-opt %t.local --moelora-instantiate | diff %t.local -
// RUN: moelora-opt %t.local --emit-bytecode | moelora-opt | diff %t.local -

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

// An annotation of a weight of the shared expert alone cuts intermediate sizes.
// CHECK-LABEL: func.func @only_shared(
// CHECK-SAME: tensor<1x8x64xf32>, %{{.*}}: tensor<8x1x8x64xf32>, %{{.*}}: tensor<8x64x8xf32>, %{{.*}}: tensor<1x1x4x64xf32>, %{{.*}}: tensor<1x64x4xf32>)
// CHECK-NEXT: moelora.call @chosen({{.*}}) cut = [1, 4]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce {{.*}} grid_axes = [2] :
// CHECK-NEXT: return %[[SUM]]
func.func @only_shared(%x: tensor<?x64xf32>, %wr: tensor<1x8x64xf32>,
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

// Experts over axis 1, intermediate sizes over axis 2, the shared expert over
// both. The annotation of its weight agrees, so nothing is sliced.
// CHECK-LABEL: func.func @both(
// CHECK-SAME: tensor<1x8x64xf32>, %{{.*}}: tensor<4x1x8x64xf32>, %{{.*}}: tensor<4x64x8xf32>, %{{.*}}: tensor<1x1x2x64xf32>, %{{.*}}: tensor<1x64x2xf32>)
// CHECK: shard.process_multi_index on @grid axes = [1] : index
// CHECK: %[[MAP:.*]] = linalg.generic
// CHECK-NOT: shard
// CHECK: moelora.call @chosen({{.*}}, %[[MAP]]) cut = [2, 4]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce {{.*}} grid_axes = [1, 2] :
// CHECK-NEXT: return %[[SUM]]
func.func @both(%x: tensor<?x64xf32>, %wr: tensor<1x8x64xf32>,
                %w1: tensor<8x1x32x64xf32>, %w2: tensor<8x64x32xf32>,
                %s1: tensor<1x1x16x64xf32>, %s2: tensor<1x64x16xf32>)
                -> tensor<?x64xf32> {
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %all = shard.sharding @grid split_axes = [[], [], [1, 2]] : !shard.sharding
  %d = shard.shard %w2 to %cut : tensor<8x64x32xf32>
  %e = shard.shard %s2 to %all : tensor<1x64x16xf32>
  %y = moelora.call @chosen(%x, %wr, %w1, %d, %s1, %e)
    : (tensor<?x64xf32>, tensor<1x8x64xf32>, tensor<8x1x32x64xf32>,
       tensor<8x64x32xf32>, tensor<1x1x16x64xf32>, tensor<1x64x16xf32>)
      -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// The intermediate sizes have the axes of the shared expert that are not those
// of the experts.
// CHECK-LABEL: func.func @experts_and_shared(
// CHECK: moelora.call @chosen({{.*}}) cut = [2, 4]
// CHECK-NEXT: shard.all_reduce {{.*}} grid_axes = [1, 2] :
func.func @experts_and_shared(
    %x: tensor<?x64xf32>, %wr: tensor<1x8x64xf32>, %w1: tensor<8x1x32x64xf32>,
    %w2: tensor<8x64x32xf32>, %s1: tensor<1x1x16x64xf32>,
    %s2: tensor<1x64x16xf32>) -> tensor<?x64xf32> {
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %all = shard.sharding @grid split_axes = [[], [], [1, 2]] : !shard.sharding
  %d = shard.shard %w2 to %cut : tensor<8x64x32xf32>
  %e = shard.shard %s2 to %all : tensor<1x64x16xf32>
  %y = moelora.call @chosen(%x, %wr, %w1, %d, %s1, %e)
    : (tensor<?x64xf32>, tensor<1x8x64xf32>, tensor<8x1x32x64xf32>,
       tensor<8x64x32xf32>, tensor<1x1x16x64xf32>, tensor<1x64x16xf32>)
      -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Only experts: the shared expert is cut over the same axis.
// CHECK-LABEL: func.func @experts(
// CHECK-SAME: tensor<1x8x64xf32>, %{{.*}}: tensor<4x1x32x64xf32>, %{{.*}}: tensor<4x64x32xf32>, %{{.*}}: tensor<1x1x8x64xf32>, %{{.*}}: tensor<1x64x8xf32>)
// CHECK: moelora.call @chosen({{.*}}) cut = [2, 1]
// CHECK-NEXT: shard.all_reduce {{.*}} grid_axes = [1] :
func.func @experts(%x: tensor<?x64xf32>, %wr: tensor<1x8x64xf32>,
                   %w1: tensor<8x1x32x64xf32>, %w2: tensor<8x64x32xf32>,
                   %s1: tensor<1x1x16x64xf32>, %s2: tensor<1x64x16xf32>)
                   -> tensor<?x64xf32> {
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %g = shard.shard %w1 to %cut : tensor<8x1x32x64xf32>
  %y = moelora.call @chosen(%x, %wr, %g, %w2, %s1, %s2)
    : (tensor<?x64xf32>, tensor<1x8x64xf32>, tensor<8x1x32x64xf32>,
       tensor<8x64x32xf32>, tensor<1x1x16x64xf32>, tensor<1x64x16xf32>)
      -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// An annotation of the shared expert with fewer axes: its weight is sliced.
// CHECK-LABEL: func.func @sliced(
// CHECK-SAME: %{{.*}}: tensor<1x1x2x64xf32>, %[[S2:.*]]: tensor<1x64x8xf32>)
// CHECK: %[[SLICE:.*]] = shard.all_slice %[[S2]] on @grid grid_axes = [2] slice_axis = 2 : tensor<1x64x8xf32> -> tensor<1x64x2xf32>
// CHECK: moelora.call @chosen({{.*}}, %[[SLICE]], %{{.*}}) cut = [2, 4]
func.func @sliced(%x: tensor<?x64xf32>, %wr: tensor<1x8x64xf32>,
                  %w1: tensor<8x1x32x64xf32>, %w2: tensor<8x64x32xf32>,
                  %s1: tensor<1x1x16x64xf32>, %s2: tensor<1x64x16xf32>)
                  -> tensor<?x64xf32> {
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %half = shard.sharding @grid split_axes = [[], [], [1]] : !shard.sharding
  %d = shard.shard %w2 to %cut : tensor<8x64x32xf32>
  %e = shard.shard %s2 to %half : tensor<1x64x16xf32>
  %y = moelora.call @chosen(%x, %wr, %w1, %d, %s1, %e)
    : (tensor<?x64xf32>, tensor<1x8x64xf32>, tensor<8x1x32x64xf32>,
       tensor<8x64x32xf32>, tensor<1x1x16x64xf32>, tensor<1x64x16xf32>)
      -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
