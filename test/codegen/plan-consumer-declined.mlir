// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --allow-unregistered-dialect --convert-moelora-to-nvvm=target=sm_80
// A kernel that makes its plan has to be the first one, and cannot count in
// memory that a kernel before has to clear.

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
#schedule = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>

moelora.layer @none(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{expects the first consumer of a plan that it makes to be a shrink, or a grouped_matmul whose epilogue does not count, but there is none}}
  %plan = moelora.plan %ids schedule(#schedule) in_consumer 64
    : tensor<?x2xi32> -> !plan
  moelora.yield %x : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
#schedule = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>

moelora.layer @other(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{expects the first consumer of a plan that it makes to be a shrink, or a grouped_matmul whose epilogue does not count, but it is 'other.op'}}
  %plan = moelora.plan %ids schedule(#schedule) in_consumer 64
    : tensor<?x2xi32> -> !plan
  %y = "other.op"(%x, %plan) : (tensor<?x64xbf16>, !plan) -> tensor<?x64xbf16>
  moelora.yield %y : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
#schedule = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>

moelora.layer @rows(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<8x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  // expected-error @below {{expects the first consumer of a plan that it makes to be a shrink, or a grouped_matmul whose epilogue does not count, but it counts rows}}
  %plan = moelora.plan %ids schedule(#schedule) in_consumer 64
    : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>) schedule(#schedule)
    : tensor<?x64xbf16>, !plan, tensor<8x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 192, max_rank = 16, bf16, fragment_major>
#schedule = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>
#ranks = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 16, k = 32, warps = 1 x 1, split_k = 4, stages = 6>]>

moelora.layer @parts(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w13: tensor<8x2x192x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x192xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  // expected-error @below {{expects the first consumer of a plan that it makes to be a shrink, or a grouped_matmul whose epilogue does not count, but it counts parts of a shrink}}
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>) schedule(#schedule)
    in_consumer 64 : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    schedule(#schedule)
    : tensor<?x64xbf16>, !plan, tensor<8x2x192x64xbf16> -> tensor<?x192xbf16>
  %u = moelora.shrink %a by %plan, %t2 schedule(#ranks) epilogue [8]
    : tensor<?x192xbf16>, !plan, !t2 -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    lora(%u, %t2 : tensor<?x1x16xbf16>, !t2) combine(%w : tensor<?x2xf32>)
    schedule(#schedule)
    : tensor<?x192xbf16>, !plan, tensor<8x64x192xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
