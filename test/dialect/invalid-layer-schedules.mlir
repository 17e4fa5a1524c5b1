// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @layer_c11(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  // expected-note @below {{the plan is made here}}
  %one = moelora.plan schedule(#moelora.schedule<
    strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>,
      <tokens = 16, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>]>) -> !one
  // expected-error @below {{'moelora.grouped_matmul' op expects its schedule and that of its plan to have the same tokens, but its own has [8] and that of the plan has [8, 16]}}
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>]>)
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @layer_c11_none(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  // expected-note @below {{the plan is made here}}
  %one = moelora.plan -> !one
  // expected-error @below {{'moelora.grouped_matmul' op expects its schedule and that of its plan to have the same tokens, but its own has [8] and that of the plan has []}}
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>]>)
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

moelora.layer @layer_c11_cpu(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  // expected-note @below {{the plan is made here}}
  %one = moelora.plan schedule(#moelora.cpu_schedule<rows = 8, group = 4>)
    -> !one
  // expected-error @below {{'moelora.grouped_matmul' op expects its schedule and that of its plan to have the same tokens, but its own has [8] and that of the plan has []}}
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>]>)
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}

// -----

!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!table = !moelora.slot_table<4 slots, 1 experts, 1 x 16 x 16, max_rank = 16, bf16>

moelora.layer @layer_c11_shrink(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t: !table {moelora.role = #moelora.role<shared_down_adapters>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %slot = moelora.resolve_slots %ids in %t : tensor<?xi32>, !table
  // expected-note @below {{the plan is made here}}
  %one = moelora.plan slots(%slot : tensor<?xi32>) schedule(#moelora.schedule<
    strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>]>) -> !one
  // expected-error @below {{'moelora.shrink' op expects its schedule and that of its plan to have the same tokens, but its own has [64] and that of the plan has [8]}}
  %u = moelora.shrink gather %x by %one, %t
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 64, features = 64, k = 64, warps = 1 x 1, split_k = 1,
       stages = 4>]>)
    : tensor<?x16xbf16>, !one, !table -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul gather %x by %one, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table) sum
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}
