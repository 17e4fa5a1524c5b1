// An axis that cuts tokens and the layer: ranks that add up their parts have
// the same tokens, so they are gathered before the call, and the sum is sliced.
// RUN: moelora-opt %s -o %t.mlir --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition,canonicalize))'
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-opt %t.mlir --moelora-instantiate -o /dev/null

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w13 = tensor<4x2x32x64xbf16>
!w2 = tensor<4x64x32xbf16>
!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 32, max_rank = 16, bf16>

shard.grid @grid(shape = 2x2x2)

moelora.layer @given(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
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
  %o = moelora.combine %yd by %plan : tensor<?x64xf32>, !plan -> !x
  moelora.yield %o : !x
}

// Ids are rows of the same tokens, annotated or not.
// CHECK-LABEL: func.func @experts(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[S:.*]]: tensor<?xi32>, %[[I:.*]]: tensor<?x2xi32>,
// CHECK-DAG: %[[XG:.*]] = shard.all_gather %[[X]] on @grid grid_axes = [1] gather_axis = 0 : tensor<?x64xbf16> -> tensor<?x64xbf16>
// CHECK-DAG: %[[SG:.*]] = shard.all_gather %[[S]] on @grid grid_axes = [1] gather_axis = 0 : tensor<?xi32> -> tensor<?xi32>
// CHECK-DAG: %[[IG:.*]] = shard.all_gather %[[I]] on @grid grid_axes = [1] gather_axis = 0 : tensor<?x2xi32> -> tensor<?x2xi32>
// CHECK: %[[MAP:.*]] = linalg.generic
// CHECK: %[[P:.*]] = moelora.call @given(%[[XG]], %[[SG]], %[[IG]], {{.*}}, %[[MAP]]) cut = [2, 1]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce %[[P]] on @grid grid_axes = [1] :
// CHECK-NEXT: %[[R:.*]] = arith.truncf %[[SUM]]
// CHECK-NEXT: %[[Y:.*]] = shard.all_slice %[[R]] on @grid grid_axes = [1] slice_axis = 0 : tensor<?x64xbf16> -> tensor<?x64xbf16>
// CHECK-NEXT: return %[[Y]]
func.func @experts(%x: !x, %s: tensor<?xi32>, %i: !ids, %w13: !w13,
                   %w2: !w2, %t: !t2) -> !x {
  %rows = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %d = shard.shard %w2 to %rows : !w2
  %y = moelora.call @given(%r, %s, %i, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Tokens of all ranks, one axis after the other; those of dp stay apart. The
// result is annotated, too.
// CHECK-LABEL: func.func @all_axes(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x64xbf16>
// CHECK: %[[X1:.*]] = shard.all_gather %[[X]] on @grid grid_axes = [2] gather_axis = 0 :
// CHECK: shard.all_gather %[[X1]] on @grid grid_axes = [1] gather_axis = 0 :
// CHECK: moelora.call @given({{.*}}) cut = [2, 2]
// CHECK-NEXT: %[[SUM:.*]] = shard.all_reduce {{.*}} grid_axes = [1, 2] :
// CHECK-NEXT: %[[R:.*]] = arith.truncf %[[SUM]]
// CHECK-NEXT: %[[R1:.*]] = shard.all_slice %[[R]] on @grid grid_axes = [1] slice_axis = 0 :
// CHECK-NEXT: %[[Y:.*]] = shard.all_slice %[[R1]] on @grid grid_axes = [2] slice_axis = 0 :
// CHECK-NEXT: return %[[Y]]
func.func @all_axes(%x: !x, %s: tensor<?xi32>, %i: !ids, %w13: !w13,
                    %w2: !w2, %t: !t2) -> !x {
  %rows = shard.sharding @grid split_axes = [[0, 1, 2]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @given(%r, %s, %i, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !t2) -> !x
  %z = shard.shard %y to %rows : !x
  %o = shard.shard %z to %rows annotate_for_users : !x
  return %o : !x
}

// The axis that stays is not the first one: all are gathered, and dp is cut
// again.
// CHECK-LABEL: func.func @other_order(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x64xbf16>
// CHECK: %[[X1:.*]] = shard.all_gather %[[X]] on @grid grid_axes = [0] gather_axis = 0 :
// CHECK: %[[X2:.*]] = shard.all_gather %[[X1]] on @grid grid_axes = [1] gather_axis = 0 :
// CHECK: %[[X3:.*]] = shard.all_slice %[[X2]] on @grid grid_axes = [0] slice_axis = 0 :
// CHECK: moelora.call @given(%[[X3]], {{.*}}) cut = [2, 1]
func.func @other_order(%x: !x, %s: tensor<?xi32>, %i: !ids, %w13: !w13,
                       %w2: !w2, %t: !t2) -> !x {
  %rows = shard.sharding @grid split_axes = [[1, 0]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @given(%r, %s, %i, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !t2) -> !x
  return %y : !x
}

// Hidden sizes are not cut by the layer: columns are gathered for it.
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<?x32xbf16>
// CHECK: %[[XG:.*]] = shard.all_gather %[[X]] on @grid grid_axes = [2] gather_axis = 1 : tensor<?x32xbf16> -> tensor<?x64xbf16>
// CHECK: moelora.call @given(%[[XG]], {{.*}}) cut = [1, 2]
// CHECK: shard.all_slice {{.*}} slice_axis = 1 : tensor<?x64xbf16> -> tensor<?x32xbf16>
func.func @columns(%x: !x, %s: tensor<?xi32>, %i: !ids, %w13: !w13,
                   %w2: !w2, %t: !t2) -> !x {
  %columns = shard.sharding @grid split_axes = [[], [2]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[], [], [2]] : !shard.sharding
  %r = shard.shard %x to %columns : !x
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @given(%r, %s, %i, %w13, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !t2) -> !x
  %z = shard.shard %y to %columns : !x
  %o = shard.shard %z to %columns annotate_for_users : !x
  return %o : !x
}

// Two calls and an addition between them, each with its own annotations.
// CHECK-LABEL: func.func @residual(
// CHECK-SAME: !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 32, max_rank = 16, bf16>)
// CHECK-COUNT-2: shard.all_gather
// CHECK: moelora.call @given({{.*}}) cut = [2, 1]
// CHECK-NEXT: shard.all_reduce
// CHECK: tosa.add
// CHECK: moelora.call @given({{.*}}) cut = [2, 1]
// CHECK-NEXT: shard.all_reduce
// CHECK-NOT: shard.all_reduce
// CHECK: return
func.func @residual(%x: !x, %s: tensor<?xi32>, %i: !ids, %w13: !w13,
                    %w2: !w2, %t: !t2) -> !x {
  %rows = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %r = shard.shard %x to %rows : !x
  %d = shard.shard %w2 to %rows : !w2
  %g = shard.shard %w13 to %rows : !w13
  %s0 = shard.shard %s to %rows : tensor<?xi32>
  %i0 = shard.shard %i to %rows : !ids
  %y = moelora.call @given(%r, %s0, %i0, %g, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !t2) -> !x
  %h = tosa.add %r, %y : (!x, !x) -> !x
  %z = moelora.call @given(%h, %s0, %i0, %g, %d, %t)
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !t2) -> !x
  return %z : !x
}
