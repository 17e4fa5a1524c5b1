// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @grouped_matmul_c6_together(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x16xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects shrunk rows and table to come together}}
  %h = "moelora.grouped_matmul"(%x, %plan, %w, %u)
    {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0>}
    : (tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16>, tensor<?x1x16xbf16>)
    -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 9 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @grouped_matmul_c6_experts(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x16xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects table and plan to agree on experts, but table has 9 and plan has 8}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
func.func @grouped_matmul_c6_slices(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x2x16xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects table and weight to agree on slices, but table has 2 and weight has 1}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x2x16xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 48 x 64, max_rank = 16, bf16>
func.func @grouped_matmul_c6_out(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x16xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects table and weight to agree on out, but table has 48 and weight has 32}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 48, max_rank = 16, bf16>
func.func @grouped_matmul_c6_in(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x16xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects table and weight to agree on in, but table has 48 and weight has 64}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @grouped_matmul_c6_rank(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x32xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the shrunk rows to have shape ?x1x16, but the shape is ?x1x32}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x1x32xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, f16>
func.func @grouped_matmul_c6_type(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x16xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects the shrunk rows and table to have one element type, but the shrunk rows has 'bf16' and table has 'f16'}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x1x16xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @grouped_matmul_c6_gathers(%x: tensor<?x64xbf16>, %plan: !plan,
    %w: tensor<8x32x64xbf16>, %u: tensor<?x1x16xbf16>, %t: !table) {
  // expected-error @below {{'moelora.grouped_matmul' op expects to gather shrunk rows only of a table whose experts share A}}
  %h = moelora.grouped_matmul gather %x by %plan, %w
    lora(gather %u, %t : tensor<?x1x16xbf16>, !table)
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @grouped_matmul_c6_gathers_nothing(%x: tensor<?x64xbf16>,
    %plan: !plan, %w: tensor<8x32x64xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects to gather shrunk rows only of a table whose experts share A}}
  %h = "moelora.grouped_matmul"(%x, %plan, %w)
    {gather, gather_shrunk, operandSegmentSizes =
       array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>}
    : (tensor<?x64xbf16>, !plan, tensor<8x32x64xbf16>) -> tensor<?x32xf32>
  return
}
