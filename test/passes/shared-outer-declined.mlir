// A shrink that keeps its plan is not changed, and a remark says why.
// RUN: moelora-opt %s --moelora-shared-outer --remarks-filter=shared-outer \
// RUN:   -o %t.mlir 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: moelora-opt %s | diff - %t.mlir

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!first = !moelora.plan<8 experts, 4 slots, top_k = 1>
!one = !moelora.plan<1 experts, 4 slots, top_k = 2>
!alone = !moelora.slot_table<4 slots, 1 experts sharing a, 2 x 64 x 64, max_rank = 16, bf16>
!open = !moelora.slot_table<4 slots, 8 experts, 2 x 64 x 64, max_rank = 16, bf16>
!shares = !moelora.slot_table<4 slots, 8 experts sharing a, 2 x 64 x 64, max_rank = 16, bf16>
!down = !moelora.slot_table<4 slots, 8 experts sharing a, 1 x 64 x 64, max_rank = 16, bf16>

// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="its table does not promise that experts share A"
// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="its input has a row for each pair"
moelora.layer @no_promise(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<8x2x64x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !open {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !down {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13, %t2 : tensor<?xi32>, !open, !down
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !open -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !open) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x64x64xbf16> -> tensor<?x64xbf16>
  %v = moelora.shrink %a by %plan, %t2
    : tensor<?x64xbf16>, !plan, !down -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    lora(%v, %t2 : tensor<?x1x16xbf16>, !down) sum
    : tensor<?x64xbf16>, !plan, tensor<8x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="its plan has one pair for each token"
moelora.layer @one_choice(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x1xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<8x2x64x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %t13: !shares {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !shares
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x1xi32> -> !first
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !first, !shares -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !shares) activate(<silu, gated>)
    : tensor<?x64xbf16>, !first, tensor<8x2x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %x : tensor<?x64xbf16>
}

// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="its result has other readers than one grouped_matmul"
moelora.layer @two_readers(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<8x2x64x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %t13: !shares {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !shares
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !shares -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !shares) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x64x64xbf16> -> tensor<?x64xbf16>
  %b = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !shares) activate(<gelu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %x : tensor<?x64xbf16>
}

// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="the op has a schedule"
moelora.layer @scheduled(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<8x2x64x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %t13: !shares {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !shares
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    schedule(#moelora.schedule<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>)
    : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 16, k = 32, warps = 1 x 1, split_k = 4, stages = 6>]>)
    : tensor<?x64xbf16>, !plan, !shares -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !shares) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %x : tensor<?x64xbf16>
}

// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="no plan op makes its plan"
moelora.layer @other_plan(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<8x2x64x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %t13: !shares {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %plan = builtin.unrealized_conversion_cast %ids : tensor<?x2xi32> to !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !shares -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !shares) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %x : tensor<?x64xbf16>
}

// The other choices of a token are zero experts.
// REMARK: remark: [Missed] SharedA | Category:shared-outer | Reason="its table has one expert"
moelora.layer @one_expert(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<1x2x64x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %t13: !alone {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !alone
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !one
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !one, !alone -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !alone) activate(<silu, gated>)
    : tensor<?x64xbf16>, !one, tensor<1x2x64x64xbf16> -> tensor<?x64xbf16>
  moelora.yield %x : tensor<?x64xbf16>
}
