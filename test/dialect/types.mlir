// RUN: moelora-opt %s | moelora-opt | FileCheck %s

// The page order, and what experts share, are written where they are not the
// usual ones; the usual ones may be.
// CHECK-LABEL: @tables
// CHECK-SAME: !moelora.slot_table<16 slots, 128 experts, 2 x 768 x 2048, max_rank = 64, bf16>
// CHECK-SAME: !moelora.slot_table<0 slots, 1 experts, 1 x 8 x 4, max_rank = 1, f32>
// CHECK-SAME: !moelora.slot_table<1 slots, 1 experts, 1 x 1 x 1, max_rank = 3, f16>
// CHECK-SAME: !moelora.slot_table<1 slots, 1 experts, 1 x 8 x 4, max_rank = 1, f16, fragment_major>
// CHECK-SAME: !moelora.slot_table<1 slots, 2 experts sharing a, 1 x 8 x 4, max_rank = 1, f16>
// CHECK-SAME: !moelora.slot_table<1 slots, 2 experts, 1 x 8 x 4, max_rank = 1, f16>
func.func private @tables(
  !moelora.slot_table<16 slots, 128 experts, 2 x 768 x 2048, max_rank = 64, bf16>,
  !moelora.slot_table<0 slots, 1 experts, 1 x 8 x 4, max_rank = 1, f32, row_major>,
  !moelora.slot_table<1 slots, 1 experts, 1 x 1 x 1, max_rank = 3, f16>,
  !moelora.slot_table<1 slots, 1 experts, 1 x 8 x 4, max_rank = 1, f16, fragment_major>,
  !moelora.slot_table<1 slots, 2 experts sharing a, 1 x 8 x 4, max_rank = 1, f16>,
  !moelora.slot_table<1 slots, 2 experts sharing none, 1 x 8 x 4, max_rank = 1, f16>)

// CHECK-LABEL: @plans
// CHECK-SAME: !moelora.plan<128 experts, 16 slots, top_k = 8>
func.func private @plans(!moelora.plan<128 experts, 16 slots, top_k = 8>)
