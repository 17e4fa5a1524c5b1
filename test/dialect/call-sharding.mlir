// The open form: MLIR's passes cut calls from one or two annotations.
// RUN: moelora-opt %s -o %t.mlir --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'
// RUN: FileCheck %s < %t.mlir
// The local layers exist and verify.
// RUN: moelora-opt %t.mlir --moelora-instantiate | FileCheck %s --check-prefix=LOCAL
// LOCAL: moelora.layer @experts_cut_2x4(
// LOCAL: -> tensor<?x64xf32>
// LOCAL: moelora.layer @experts_cut_2x1(
// LOCAL: moelora.layer @experts_cut_1x4(
// LOCAL: moelora.layer @experts_cut_4x1(
// LOCAL-LABEL: func.func @ep_tp
// LOCAL: moelora.call @experts_cut_2x4(
// LOCAL-NOT: cut =
// Annotations are complete after one run.
// RUN: moelora-opt %s -o %t.once --pass-pipeline='builtin.module(func.func(sharding-propagation))'
// RUN: moelora-opt %t.once --pass-pipeline='builtin.module(func.func(sharding-propagation))' | diff %t.once -

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!w13 = tensor<8x2x32x64xbf16>
!w2 = tensor<8x64x32xbf16>
!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>

shard.grid @grid(shape = 2x2x4)

moelora.layer @experts(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w: !w {moelora.role = #moelora.role<expert_weights>},
    %w13: !w13 {moelora.role = #moelora.role<gate_up_weight>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %slots in %t2 : tensor<?xi32>, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan, !w13 -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, !w2 -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x32xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w : tensor<?x64xf32>, !plan, !w -> !x
  moelora.yield %o : !x
}

// CHECK-LABEL: func.func @ep_tp(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[S:.*]]: tensor<?xi32>, %[[I:.*]]: tensor<?x2xi32>, %[[W:.*]]: tensor<?x2xf32>,
// CHECK-SAME: %[[W13:.*]]: tensor<4x2x8x64xbf16>, %[[W2:.*]]: tensor<4x64x8xbf16>,
// CHECK-SAME: %[[T:.*]]: !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 8, max_rank = 16, bf16>) -> tensor<?x64xbf16>
// CHECK: %[[C:.*]] = shard.process_multi_index on @grid axes = [1] : index
// CHECK: %[[FIRST:.*]] = arith.muli %[[C]], %c4
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<1x8xi32>
// CHECK: %[[MAP:.*]] = linalg.generic {{.*}} outs(%[[EMPTY]] : tensor<1x8xi32>)
// CHECK: %[[EXPERT:.*]] = linalg.index 1
// CHECK: %[[L:.*]] = arith.subi %[[EXPERT]], %[[FIRST]]
// CHECK: %[[ISOWN:.*]] = arith.cmpi ult, %[[L]], %c4
// CHECK: %[[L32:.*]] = arith.index_cast %[[L]] : index to i32
// CHECK: arith.select %[[ISOWN]], %[[L32]], %c-1_i32
// CHECK: %[[P:.*]] = moelora.call @experts(%[[X]], %[[S]], %[[I]], %[[W]], %[[W13]], %[[W2]], %[[T]], %[[MAP]]) cut = [2, 4] : {{.*}} -> tensor<?x64xf32>
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce %[[P]] on @grid grid_axes = [1, 2] : tensor<?x64xf32> -> tensor<?x64xf32>
// CHECK-NEXT: %[[Y:.*]] = arith.truncf %[[SUM]] : tensor<?x64xf32> to tensor<?x64xbf16>
// CHECK-NEXT: return %[[Y]]
func.func @ep_tp(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w, %w13: !w13,
                 %w2: !w2, %t: !t2) -> !x {
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @experts(%x, %s, %i, %w, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Only experts, from the annotation of another weight, in a layer of a model.
// CHECK-LABEL: func.func @ep(
// CHECK-SAME: tensor<4x2x32x64xbf16>, %{{.*}}: tensor<4x64x32xbf16>
// CHECK-SAME: !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 32,
// CHECK: %[[P:.*]] = moelora.call @experts({{.*}}) in %{{.*}}[%{{.*}}] cut = [2, 1]
// CHECK-NEXT: shard.all_reduce %[[P]] on @grid grid_axes = [1] :
// CHECK-NOT: shard
// CHECK: return
func.func @ep(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w, %w13: !w13,
              %w2: !w2, %t: !t2, %context: !moelora.context) -> !x {
  %number = arith.constant 3 : index
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %g = shard.shard %w13 to %cut annotate_for_users : !w13
  %y = moelora.call @experts(%x, %s, %i, %w, %g, %w2, %t)
    in %context[%number]
    : (!x, tensor<?xi32>, !ids, !w, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Only intermediate sizes: the ids are those of the whole layer.
// CHECK-LABEL: func.func @tp(
// CHECK-SAME: %{{.*}}: tensor<?x2xi32>, %{{.*}}: tensor<?x2xf32>, %{{.*}}: tensor<8x2x8x64xbf16>, %{{.*}}: tensor<8x64x8xbf16>
// CHECK-SAME: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 8,
// CHECK-NEXT: %[[P:.*]] = moelora.call @experts({{.*}}) cut = [1, 4]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce %[[P]] on @grid grid_axes = [2] :
// CHECK-NEXT: arith.truncf
// CHECK-NEXT: return
func.func @tp(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w, %w13: !w13,
              %w2: !w2, %t: !t2) -> !x {
  %cut = shard.sharding @grid split_axes = [[], [], [2]] : !shard.sharding
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @experts(%x, %s, %i, %w, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Tokens are of other ranks, so nothing is exchanged for them.
// CHECK-LABEL: func.func @dp_ep_tp(
// CHECK: shard.process_multi_index on @grid axes = [1]
// CHECK-NOT: shard
// CHECK: moelora.call @experts({{.*}}) cut = [2, 4]
// CHECK-NEXT: shard.all_reduce {{.*}} grid_axes = [1, 2] :
// CHECK-NOT: shard
// CHECK: return
func.func @dp_ep_tp(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w, %w13: !w13,
                    %w2: !w2, %t: !t2) -> !x {
  %rows = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @experts(%r, %s, %i, %w, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Only tokens: the call of the whole layer.
// CHECK-LABEL: func.func @dp(
// CHECK-NEXT: moelora.call @experts({{.*}}) : {{.*}} -> tensor<?x64xbf16>
// CHECK-NEXT: return
func.func @dp(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w, %w13: !w13,
              %w2: !w2, %t: !t2) -> !x {
  %rows = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %y = moelora.call @experts(%r, %s, %i, %w, %w13, %w2, %t)
    : (!x, tensor<?xi32>, !ids, !w, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Experts over two axes, of which the last one counts fastest.
// CHECK-LABEL: func.func @two_axes(
// CHECK: %[[C:.*]]:2 = shard.process_multi_index on @grid axes = [1, 0] : index, index
// CHECK: %[[N:.*]] = arith.muli %[[C]]#0, %c2
// CHECK: arith.addi %[[N]], %[[C]]#1
// CHECK: moelora.call @experts({{.*}}) cut = [4, 1]
// CHECK-NEXT: shard.all_reduce {{.*}} grid_axes = [1, 0] :
func.func @two_axes(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w, %w13: !w13,
                    %w2: !w2, %t: !t2) -> !x {
  %cut = shard.sharding @grid split_axes = [[1, 0]] : !shard.sharding
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @experts(%x, %s, %i, %w, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w, !w13, !w2, !t2) -> !x
  return %y : !x
}
