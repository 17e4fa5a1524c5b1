// Annotations by hand that do not follow from one another, and what else only
// shard-partition can see.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(func.func(shard-partition))'

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w2 = tensor<4x64x64xbf16>
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
moelora.layer @given(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>}) -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, !w2 -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> !x
  moelora.yield %o : !x
}
func.func @tokens_of_other_ranks(%x: !x, %i: !ids, %w: !w2) -> !x {
  %rows = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %x1 = shard.shard %x to %rows : !x
  %x2 = shard.shard %x1 to %rows annotate_for_users : !x
  %i1 = shard.shard %i to %rows : !ids
  %i2 = shard.shard %i1 to %rows annotate_for_users : !ids
  %w1 = shard.shard %w to %rows : !w2
  %w3 = shard.shard %w1 to %rows annotate_for_users : !w2
  // expected-error @below {{'moelora.call' op expects operand 0, the hidden of @given, to be split over [[]], which follows from the other shardings, but it is split over [[0]]}}
  %y = moelora.call @given(%x2, %i2, %w3) : (!x, !ids, !w2) -> !x
  %y1 = shard.shard %y to %rows : !x
  %y2 = shard.shard %y1 to %rows annotate_for_users : !x
  return %y2 : !x
}

// -----

!x = tensor<?x64xbf16>
!w = tensor<4x64x64xbf16>
!ids = tensor<?x2xi32>
!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!t = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>
shard.grid @grid(shape = 2)
moelora.layer @given(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w2: !w {moelora.role = #moelora.role<down_weight>},
    %t: !t {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !t
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : !ids -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, !w -> tensor<?x64xf32>
  %yd = moelora.lora_delta gather %x by %plan, %t into %y
    : !x, !plan, !t, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan : tensor<?x64xf32>, !plan -> !x
  moelora.yield %o : !x
}
func.func @table_of_an_op(%x: !x, %s: tensor<?xi32>, %i: !ids, %w: !w,
                          %p: !llvm.ptr) -> !x {
  %t = builtin.unrealized_conversion_cast %p : !llvm.ptr to !t
  %all = shard.sharding @grid split_axes = [[]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %x1 = shard.shard %x to %all annotate_for_users : !x
  %s1 = shard.shard %s to %all annotate_for_users : tensor<?xi32>
  %i1 = shard.shard %i to %all annotate_for_users : !ids
  %w1 = shard.shard %w to %cut annotate_for_users : !w
  // expected-error @below {{'moelora.call' op expects operand 4, the down_adapters of @given, to be an argument of the function, of which all calls have one cut, because its type becomes '!moelora.slot_table<4 slots, 2 experts, 1 x 64 x 64, max_rank = 16, bf16>', but it is the result of an op}}
  %y = moelora.call @given(%x1, %s1, %i1, %w1, %t)
    : (!x, tensor<?xi32>, !ids, !w, !t) -> !x
  %y1 = shard.shard %y to %all : !x
  %y2 = shard.shard %y1 to %all annotate_for_users : !x
  return %y2 : !x
}

// -----

!x = tensor<?x64xbf16>
!w = tensor<4x64x64xbf16>
!ids = tensor<?x2xi32>
!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!t = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>
shard.grid @grid(shape = 2)
moelora.layer @given(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w2: !w {moelora.role = #moelora.role<down_weight>},
    %t: !t {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !t
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : !ids -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, !w -> tensor<?x64xf32>
  %yd = moelora.lora_delta gather %x by %plan, %t into %y
    : !x, !plan, !t, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan : tensor<?x64xf32>, !plan -> !x
  moelora.yield %o : !x
}
func.func @two_cuts(%x: !x, %s: tensor<?xi32>, %i: !ids, %v: !w, %w: !w, %t: !t)
                    -> !x {
  %all = shard.sharding @grid split_axes = [[]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %x1 = shard.shard %x to %all annotate_for_users : !x
  %s1 = shard.shard %s to %all annotate_for_users : tensor<?xi32>
  %i1 = shard.shard %i to %all annotate_for_users : !ids
  %v1 = shard.shard %v to %all annotate_for_users : !w
  %w1 = shard.shard %w to %cut annotate_for_users : !w
  %y = moelora.call @given(%x1, %s1, %i1, %v1, %t)
    : (!x, tensor<?xi32>, !ids, !w, !t) -> !x
  %y1 = shard.shard %y to %all : !x
  %y2 = shard.shard %y1 to %all annotate_for_users : !x
  // expected-error @below {{'moelora.call' op expects operand 4, the down_adapters of @given, to be an argument of the function, of which all calls have one cut, because its type becomes '!moelora.slot_table<4 slots, 2 experts, 1 x 64 x 64, max_rank = 16, bf16>', but it has another user}}
  %z = moelora.call @given(%y2, %s1, %i1, %w1, %t)
    : (!x, tensor<?xi32>, !ids, !w, !t) -> !x
  %z1 = shard.shard %z to %all : !x
  %z2 = shard.shard %z1 to %all annotate_for_users : !x
  return %z2 : !x
}

// -----

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w2 = tensor<4x64x64xbf16>
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
moelora.layer @given(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>}) -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : !x, !plan, !w2 -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> !x
  moelora.yield %o : !x
}
func.func @cut_already(%x: !x, %i: !ids, %w: tensor<2x64x64xbf16>,
                       %m: tensor<1x4xi32>)
                       -> tensor<?x64xf32> {
  %all = shard.sharding @grid split_axes = [[]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %x1 = shard.shard %x to %all annotate_for_users : !x
  %i1 = shard.shard %i to %all annotate_for_users : !ids
  %w1 = shard.shard %w to %cut annotate_for_users : tensor<2x64x64xbf16>
  %m1 = shard.shard %m to %all annotate_for_users : tensor<1x4xi32>
  // expected-error @below {{'moelora.call' op expects a whole layer, but it has cut = [2, 1] already}}
  %y = moelora.call @given(%x1, %i1, %w1, %m1) cut = [2, 1]
    : (!x, !ids, tensor<2x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
  %y1 = shard.shard %y to %all : tensor<?x64xf32>
  %y2 = shard.shard %y1 to %all annotate_for_users : tensor<?x64xf32>
  return %y2 : tensor<?x64xf32>
}
