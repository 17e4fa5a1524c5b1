// What the open form of a call refuses.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(func.func(sharding-propagation,shard-partition))'

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 3)
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @uneven_experts(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects cut to divide operand 2, the down_weight of @given, which has 4 experts, but cut = [3, 1]}}
  %y = moelora.call @given(%a0, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 3)
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @uneven_columns(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[], [], [0]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects cut to divide operand 2, the down_weight of @given, which has 64 intermediate columns, but cut = [1, 3]}}
  %y = moelora.call @given(%a0, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2x?)
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @unknown_size(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[1]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op expects the sizes of the axes that cut a layer to be known, and to make 1 to 1048576 parts, but axis 1 of @grid has a dynamic size}}
  %y = moelora.call @given(%a0, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @other(shape = 2)
shard.grid @grid(shape = 2)
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @two_grids(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %d = shard.shard %a2 to %cut annotate_for_users : tensor<4x64x64xbf16>
  %rows = shard.sharding @other split_axes = [[0]] : !shard.sharding
  %r = shard.shard %a0 to %rows annotate_for_users : tensor<?x64xbf16>
  // expected-error @below {{'moelora.call' op fail to set sharding annotations.}}
  // expected-error @below {{'moelora.call' op expects all shardings to be over one grid, but there are @other and @grid}}
  %y = moelora.call @given(%r, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
shard.grid @grid(shape = 2)
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @offsets(%a0: tensor<?x64xbf16>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xbf16>) -> tensor<?x64xbf16> {
  %cut = shard.sharding @grid split_axes = [[0]] sharded_dims_offsets = [0, 1, 4] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xbf16>
  // expected-error @below {{'moelora.call' op fail to set sharding annotations.}}
  // expected-error @below {{'moelora.call' op expects even cuts, but there is a sharding with offsets [0, 1, 4]}}
  %y = moelora.call @given(%a0, %a1, %d)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
shard.grid @grid(shape = 2x2)
moelora.layer @given(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xf32> {moelora.role = #moelora.role<down_weight>},
    %s1: tensor<1x1x6x64xf32> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %s2: tensor<1x64x6xf32> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x64xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xf32>, !plan, tensor<4x64x64xf32> -> tensor<?x64xf32>
  %all = moelora.dispatch -> !one
  %h = moelora.expert_gemm gather %x by %all, %s1
    : tensor<?x64xf32>, !one, tensor<1x1x6x64xf32> -> tensor<?x1x6xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x6xf32> -> tensor<?x6xf32>
  %s = moelora.expert_gemm %a by %all, %s2
    : tensor<?x6xf32>, !one, tensor<1x64x6xf32> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan shared(%s : tensor<?x64xf32>)
    : tensor<?x64xf32>, !plan -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}
func.func @uneven_shared(%a0: tensor<?x64xf32>, %a1: tensor<?x2xi32>, %a2: tensor<4x64x64xf32>, %a3: tensor<1x1x6x64xf32>, %a4: tensor<1x64x6xf32>) -> tensor<?x64xf32> {
  %cut = shard.sharding @grid split_axes = [[0], [], [1]] : !shard.sharding
  %d = shard.shard %a2 to %cut : tensor<4x64x64xf32>
  // expected-error @below {{'moelora.call' op expects cut to divide operand 3, the shared_gate_up_weight of @given, which has 6 intermediate columns, but cut = [2, 2] makes 4 parts of a shared expert}}
  %y = moelora.call @given(%a0, %a1, %d, %a3, %a4)
    : (tensor<?x64xf32>, tensor<?x2xi32>, tensor<4x64x64xf32>, tensor<1x1x6x64xf32>, tensor<1x64x6xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
