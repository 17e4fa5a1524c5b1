// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 6 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c1_experts(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects table and plan to agree on experts, but table has 6 and plan has 8}}
  %u = moelora.shrink gather %x by %plan, %t
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<5 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c1_slots(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects table and plan to agree on slots, but table has 5 and plan has 4}}
  %u = moelora.shrink gather %x by %plan, %t
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<1 experts, 4 slots, top_k = 1>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c1_sharing(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects a plan of one expert only with a table whose experts share A, but the table is '!moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>'}}
  %u = moelora.shrink %x by %plan, %t
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<1 experts, 4 slots, top_k = 1>
!table = !moelora.slot_table<5 slots, 8 experts sharing a, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c1_slots_of_tokens(%x: tensor<?x64xbf16>, %plan: !plan,
                                     %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects table and plan to agree on slots, but table has 5 and plan has 4}}
  %u = moelora.shrink %x by %plan, %t
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c2(%x: tensor<?x32xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects input and table to agree on the columns that are summed over, but input has 32 and table has 64}}
  %u = moelora.shrink gather %x by %plan, %t
    : tensor<?x32xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c3_shape(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects the result to have shape ?x2x16, but the shape is ?x1x16}}
  %u = moelora.shrink gather %x by %plan, %t
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, f16>
func.func @shrink_c3_type(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects the result and table to have one element type, but the result has 'bf16' and table has 'f16'}}
  %u = moelora.shrink gather %x by %plan, %t
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c4_input(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table) {
  // expected-error @below {{'moelora.shrink' op expects the input of an op in an epilogue to be an activation of a grouped_matmul over the same plan, read pair by pair}}
  %u = moelora.shrink %x by %plan, %t epilogue [8]
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @shrink_c4_tokens(%x: tensor<?x32xbf16>, %w: tensor<8x2x64x32xbf16>,
                            %plan: !plan, %t: !table) {
  %a = moelora.grouped_matmul gather %x by %plan, %w activate(<silu, gated>)
    : tensor<?x32xbf16>, !plan, tensor<8x2x64x32xbf16> -> tensor<?x64xbf16>
  // expected-error @below {{'moelora.shrink' op expects the tokens in an epilogue to be of tiles of the schedule, ascending, but they are [8, 64] and the tiles are of [8, 16]}}
  %u = moelora.shrink %a by %plan, %t
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 16, k = 32, warps = 1 x 1, split_k = 4, stages = 6>,
      <tokens = 16, features = 16, k = 32, warps = 1 x 1, split_k = 4, stages = 6>]>)
    epilogue [8, 64]
    : tensor<?x64xbf16>, !plan, !table -> tensor<?x1x16xbf16>
  return
}
