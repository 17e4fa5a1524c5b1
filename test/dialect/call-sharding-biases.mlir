// Biases of down: of the parts that share one, the first passes it, and the
// others zeros.
// RUN: moelora-opt %s -o %t.mlir --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'
// RUN: FileCheck %s < %t.mlir
// The choice between two tensors is one between two buffers.
// RUN: moelora-opt %t.mlir -o %t.buffers --pass-pipeline='builtin.module(moelora-instantiate,one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map allow-unknown-ops=true})'
// RUN: FileCheck %s --check-prefix=BUFFERS < %t.buffers
// BUFFERS: memref.global "private" constant @{{.*}} : memref<4x64xf32> = dense<0.000000e+00>
// BUFFERS-LABEL: func.func @both(
// BUFFERS: arith.select %{{.*}}, %{{.*}}, %{{.*}} : memref<4x64xf32>

!x = tensor<?x64xf32>
!ids = tensor<?x2xi32>
!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

shard.grid @grid(shape = 2x2x4)

moelora.layer @biased(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w1: tensor<8x1x32x64xf32> {moelora.role = #moelora.role<gate_up_weight>},
    %b1: tensor<8x1x32xf32> {moelora.role = #moelora.role<gate_up_bias>},
    %w2: tensor<8x64x32xf32> {moelora.role = #moelora.role<down_weight>},
    %b2: tensor<8x64xf32> {moelora.role = #moelora.role<down_bias>},
    %s1: tensor<1x1x16x64xf32> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %c1: tensor<1x1x16xf32> {moelora.role = #moelora.role<shared_gate_up_bias>},
    %s2: tensor<1x64x16xf32> {moelora.role = #moelora.role<shared_down_weight>},
    %c2: tensor<1x64xf32> {moelora.role = #moelora.role<shared_down_bias>})
    -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w1 bias(%b1 : tensor<8x1x32xf32>)
    : !x, !plan, tensor<8x1x32x64xf32> -> tensor<?x1x32xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x32xf32> -> tensor<?x32xf32>
  %y = moelora.expert_gemm %a by %plan, %w2 bias(%b2 : tensor<8x64xf32>)
    : tensor<?x32xf32>, !plan, tensor<8x64x32xf32> -> !x
  %all = moelora.dispatch -> !one
  %k = moelora.expert_gemm gather %x by %all, %s1 bias(%c1 : tensor<1x1x16xf32>)
    : !x, !one, tensor<1x1x16x64xf32> -> tensor<?x1x16xf32>
  %b = moelora.activation %k {function = #moelora.act<relu2>}
    : tensor<?x1x16xf32> -> tensor<?x16xf32>
  %s = moelora.expert_gemm %b by %all, %s2 bias(%c2 : tensor<1x64xf32>)
    : tensor<?x16xf32>, !one, tensor<1x64x16xf32> -> !x
  %o = moelora.combine %y by %plan shared(%s : !x) : !x, !plan -> !x
  moelora.yield %o : !x
}

// The bias of an expert is shared by the parts of its intermediate size, and that
// of the shared expert by all. The biases of gate and up are cut.
// CHECK-LABEL: func.func @both(
// CHECK-SAME: %{{.*}}: tensor<4x1x8xf32>, %{{.*}}: tensor<4x64x8xf32>, %[[B2:[a-z0-9]*]]: tensor<4x64xf32>, %{{.*}}: tensor<1x1x2x64xf32>, %{{.*}}: tensor<1x1x2xf32>, %{{.*}}: tensor<1x64x2xf32>, %[[C2:[a-z0-9]*]]: tensor<1x64xf32>,
// CHECK: %[[TP:.*]] = shard.process_multi_index on @grid axes = [2] : index
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[TP]], %c0
// CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<4x64xf32>
// CHECK: %[[BIAS:.*]] = arith.select %[[FIRST]], %[[B2]], %[[ZERO]] : tensor<4x64xf32>
// CHECK: %[[AT:.*]]:2 = shard.process_multi_index on @grid axes = [1, 2] : index, index
// CHECK: %[[ROW:.*]] = arith.muli %[[AT]]#0, %c4
// CHECK: %[[PART:.*]] = arith.addi %[[ROW]], %[[AT]]#1
// CHECK: %[[ONLY:.*]] = arith.cmpi eq, %[[PART]], %c0
// CHECK: %[[NONE:.*]] = arith.constant dense<0.000000e+00> : tensor<1x64xf32>
// CHECK: %[[SHARED:.*]] = arith.select %[[ONLY]], %[[C2]], %[[NONE]] : tensor<1x64xf32>
// CHECK: moelora.call @biased({{.*}}, %[[BIAS]], {{.*}}, %[[SHARED]], %{{.*}}) in {{.*}} cut = [2, 4]
func.func @both(%x: !x, %i: !ids, %w1: tensor<8x1x32x64xf32>,
                %b1: tensor<8x1x32xf32>, %w2: tensor<8x64x32xf32>,
                %b2: tensor<8x64xf32>, %s1: tensor<1x1x16x64xf32>,
                %c1: tensor<1x1x16xf32>, %s2: tensor<1x64x16xf32>,
                %c2: tensor<1x64xf32>, %context: !moelora.context) -> !x {
  %n = arith.constant 0 : index
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %d = shard.shard %w2 to %cut : tensor<8x64x32xf32>
  %y = moelora.call @biased(%x, %i, %w1, %b1, %d, %b2, %s1, %c1, %s2, %c2)
    in %context[%n]
    : (!x, !ids, tensor<8x1x32x64xf32>, tensor<8x1x32xf32>,
       tensor<8x64x32xf32>, tensor<8x64xf32>, tensor<1x1x16x64xf32>,
       tensor<1x1x16xf32>, tensor<1x64x16xf32>, tensor<1x64xf32>) -> !x
  return %y : !x
}

// No other part has the experts, so their bias is passed as it is.
// CHECK-LABEL: func.func @experts(
// CHECK-SAME: %[[B2:[a-z0-9]*]]: tensor<4x64xf32>, %{{.*}}: tensor<1x1x8x64xf32>
// CHECK-COUNT-1: arith.select {{.*}} : tensor<1x64xf32>
// CHECK-NOT: tensor<4x64xf32>
// CHECK: moelora.call @biased({{.*}}, %[[B2]], {{.*}}) cut = [2, 1]
func.func @experts(%x: !x, %i: !ids, %w1: tensor<8x1x32x64xf32>,
                   %b1: tensor<8x1x32xf32>, %w2: tensor<8x64x32xf32>,
                   %b2: tensor<8x64xf32>, %s1: tensor<1x1x16x64xf32>,
                   %c1: tensor<1x1x16xf32>, %s2: tensor<1x64x16xf32>,
                   %c2: tensor<1x64xf32>) -> !x {
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %d = shard.shard %w2 to %cut : tensor<8x64x32xf32>
  %y = moelora.call @biased(%x, %i, %w1, %b1, %d, %b2, %s1, %c1, %s2, %c2)
    : (!x, !ids, tensor<8x1x32x64xf32>, tensor<8x1x32xf32>,
       tensor<8x64x32xf32>, tensor<8x64xf32>, tensor<1x1x16x64xf32>,
       tensor<1x1x16xf32>, tensor<1x64x16xf32>, tensor<1x64xf32>) -> !x
  return %y : !x
}

// A whole layer adds its biases itself.
// CHECK-LABEL: func.func @tokens(
// CHECK-NOT: arith.select
// CHECK: return
func.func @tokens(%x: !x, %i: !ids, %w1: tensor<8x1x32x64xf32>,
                  %b1: tensor<8x1x32xf32>, %w2: tensor<8x64x32xf32>,
                  %b2: tensor<8x64xf32>, %s1: tensor<1x1x16x64xf32>,
                  %c1: tensor<1x1x16xf32>, %s2: tensor<1x64x16xf32>,
                  %c2: tensor<1x64xf32>) -> !x {
  %rows = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %y = moelora.call @biased(%r, %i, %w1, %b1, %w2, %b2, %s1, %c1, %s2, %c2)
    : (!x, !ids, tensor<8x1x32x64xf32>, tensor<8x1x32xf32>,
       tensor<8x64x32xf32>, tensor<8x64xf32>, tensor<1x1x16x64xf32>,
       tensor<1x1x16xf32>, tensor<1x64x16xf32>, tensor<1x64xf32>) -> !x
  return %y : !x
}
