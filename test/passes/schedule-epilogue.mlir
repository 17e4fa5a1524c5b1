// In batches of small tiles the epilogue of an activation computes the shrink
// of the next projection, which saves a launch.
// RUN: moelora-opt %s --split-input-file --moelora-schedule=target=sm_80 \
// RUN:   | FileCheck %s
// RUN: moelora-opt %s --split-input-file \
// RUN:   --moelora-schedule="target=sm_80 schedule=decode" \
// RUN:   | FileCheck %s --check-prefix=DECODE
// RUN: moelora-opt %s --split-input-file --moelora-schedule="target=sm_80 \
// RUN:   schedule=prefill" | FileCheck %s --check-prefix=APART
// The baseline of comparisons has a kernel of its own.
// RUN: moelora-opt %s --split-input-file --moelora-schedule="target=sm_80 \
// RUN:   strategy=unfused_peer" | FileCheck %s --check-prefix=APART

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 192, max_rank = 16, bf16>

// Three ranges of 64 features.
// CHECK-LABEL: @whole
// CHECK: moelora.shrink {{.*}} epilogue [8, 16, 32] :
// DECODE-LABEL: @whole
// DECODE: moelora.shrink {{.*}} epilogue [8, 16] :
// APART-LABEL: @whole
// APART-NOT: epilogue
moelora.layer @whole(
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

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 208, max_rank = 16, bf16>

// The last range is moved back over 48 features of the one before, whose part
// would count twice.
// CHECK-LABEL: @overlapping
// CHECK-NOT: epilogue
// DECODE-LABEL: @overlapping
// DECODE-NOT: epilogue
// APART-LABEL: @overlapping
// APART-NOT: epilogue
moelora.layer @overlapping(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w13: tensor<8x2x208x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x208xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x208x64xbf16> -> tensor<?x208xbf16>
  %u = moelora.shrink %a by %plan, %t2
    : tensor<?x208xbf16>, !plan, !t2 -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    lora(%u, %t2 : tensor<?x1x16xbf16>, !t2) combine(%w : tensor<?x2xf32>)
    : tensor<?x208xbf16>, !plan, tensor<8x64x208xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// -----

!plan = !moelora.plan<128 experts, 4 slots, top_k = 8>
!t2 = !moelora.slot_table<4 slots, 128 experts, 1 x 2048 x 192, max_rank = 16, bf16>

// Tiles of 64 features are faster alone with 8 and 16 tokens, but 32 tokens need
// 128, and the same features are one launch less.
// CHECK-LABEL: @alike
// CHECK: moelora.grouped_matmul {{.*}} activate
// CHECK-SAME: tokens = 8, features = 128,
// CHECK: moelora.shrink {{.*}} epilogue [8, 16, 32] :
// DECODE-LABEL: @alike
// DECODE: moelora.shrink {{.*}} epilogue [8, 16] :
// APART-LABEL: @alike
// APART-NOT: epilogue
moelora.layer @alike(
    %x: tensor<?x2048xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x8xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x8xf32> {moelora.role = #moelora.role<expert_weights>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w13: tensor<128x2x192x2048xbf16>
      {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<128x2048x192xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x2048xbf16> {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x8xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    : tensor<?x2048xbf16>, !plan, tensor<128x2x192x2048xbf16>
      -> tensor<?x192xbf16>
  %u = moelora.shrink %a by %plan, %t2
    : tensor<?x192xbf16>, !plan, !t2 -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    lora(%u, %t2 : tensor<?x1x16xbf16>, !t2) combine(%w : tensor<?x8xf32>)
    : tensor<?x192xbf16>, !plan, tensor<128x2048x192xbf16>
      -> tensor<?x2048xbf16>
  moelora.yield %o : tensor<?x2048xbf16>
}
