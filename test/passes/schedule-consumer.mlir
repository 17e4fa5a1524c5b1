// In small batches the first kernel that reads a plan makes it, which saves a
// launch.
// RUN: moelora-opt %s --split-input-file --moelora-schedule=target=sm_80 \
// RUN:   | FileCheck %s
// RUN: moelora-opt %s --split-input-file --moelora-schedule=target=sm_86 \
// RUN:   | FileCheck %s
// The baseline of comparisons has a kernel of its own.
// RUN: moelora-opt %s --split-input-file --moelora-schedule="target=sm_80 \
// RUN:   strategy=unfused_peer" | FileCheck %s --check-prefix=APART
// So has a plan by an option.
// RUN: moelora-opt %s --split-input-file --moelora-schedule="target=sm_80 \
// RUN:   plan-in-consumer=false" | FileCheck %s --check-prefix=APART

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 192 x 64, max_rank = 16, bf16>

// A shrink sorts any number of rows of an expert up to 256.
// CHECK-LABEL: @shrink
// CHECK: moelora.plan {{.*}} in_consumer 512 :
// APART-LABEL: @shrink
// APART-NOT: in_consumer
moelora.layer @shrink(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w13: tensor<8x2x192x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x192xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !t13
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !t13 -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !t13) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x192x64xbf16> -> tensor<?x192xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x192xbf16>, !plan, tensor<8x64x192xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>

// A matmul has kernels for tiles of 8, 16 and 32 tokens: 8 x 32 pairs.
// CHECK-LABEL: @matmul
// CHECK: moelora.plan {{.*}} in_consumer 256 :
// APART-LABEL: @matmul
// APART-NOT: in_consumer
moelora.layer @matmul(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x192x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x192xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x192x64xbf16> -> tensor<?x192xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x192xbf16>, !plan, tensor<8x64x192xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 192, max_rank = 16, bf16>

// The counters of tiles have to be zero before the first kernel begins.
// CHECK-LABEL: @counts_tiles
// CHECK-NOT: in_consumer
moelora.layer @counts_tiles(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w13: tensor<8x2x192x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x192xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x192x64xbf16> -> tensor<?x192xbf16>
  %u = moelora.shrink %a by %plan, %t2
    : tensor<?x192xbf16>, !plan, !t2 -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    lora(%u, %t2 : tensor<?x1x16xbf16>, !t2) combine(%w : tensor<?x2xf32>)
    : tensor<?x192xbf16>, !plan, tensor<8x64x192xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
