// RUN: moelora-opt %s --split-input-file --verify-diagnostics

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @expert_gemm_c1(%x: tensor<?x64xbf16>, %plan: !plan,
                          %w: tensor<4x32x64xbf16>) {
  // expected-error @below {{'moelora.expert_gemm' op expects weight and plan to agree on experts, but weight has 4 and plan has 8}}
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<4x32x64xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @expert_gemm_c2(%x: tensor<?x64xbf16>, %plan: !plan,
                          %w: tensor<8x32x63xbf16>) {
  // expected-error @below {{'moelora.expert_gemm' op expects input and weight to agree on the columns that are summed over, but input has 64 and weight has 63}}
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x32x63xbf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @expert_gemm_c3(%x: tensor<?x64xbf16>, %plan: !plan,
                          %w: tensor<8x2x32x64xbf16>) {
  // expected-error @below {{'moelora.expert_gemm' op expects the result to have shape ?x2x32, but the shape is ?x1x32}}
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x1x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @expert_gemm_c4(%x: tensor<?x64xbf16>, %plan: !plan,
                          %w: tensor<8x2x32x64xbf16>, %b: tensor<8x32xf32>) {
  // expected-error @below {{'moelora.expert_gemm' op expects the bias to have shape 8x2x32, but the shape is 8x32}}
  %h = moelora.expert_gemm gather %x by %plan, %w bias(%b : tensor<8x32xf32>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
func.func @expert_gemm_c5(%x: tensor<?x64xbf16>, %plan: !plan,
                          %w: tensor<8x32x64xf16>) {
  // expected-error @below {{'moelora.expert_gemm' op expects the weight to have the input's element type or f32, but input has 'bf16' and weight has 'f16'}}
  %h = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x64xbf16>, !plan, tensor<8x32x64xf16> -> tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 7 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @lora_delta_c1_experts(%x: tensor<?x64xbf16>, %plan: !plan,
                                 %t: !table, %h: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.lora_delta' op expects table and plan to agree on experts, but table has 7 and plan has 8}}
  %hd = moelora.lora_delta gather %x by %plan, %t into %h
    : tensor<?x64xbf16>, !plan, !table, tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<3 slots, 8 experts, 1 x 32 x 64, max_rank = 16, bf16>
func.func @lora_delta_c1_slots(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table,
                               %h: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.lora_delta' op expects table and plan to agree on slots, but table has 3 and plan has 4}}
  %hd = moelora.lora_delta gather %x by %plan, %t into %h
    : tensor<?x64xbf16>, !plan, !table, tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 1 x 32 x 48, max_rank = 16, bf16>
func.func @lora_delta_c2(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table,
                         %h: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.lora_delta' op expects input and table to agree on the columns that are summed over, but input has 64 and table has 48}}
  %hd = moelora.lora_delta gather %x by %plan, %t into %h
    : tensor<?x64xbf16>, !plan, !table, tensor<?x32xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
func.func @lora_delta_c3(%x: tensor<?x64xbf16>, %plan: !plan, %t: !table,
                         %h: tensor<?x2x48xf32>) {
  // expected-error @below {{'moelora.lora_delta' op expects the accumulator to have shape ?x2x32, but the shape is ?x2x48}}
  %hd = moelora.lora_delta gather %x by %plan, %t into %h
    : tensor<?x64xbf16>, !plan, !table, tensor<?x2x48xf32>
  return
}

// -----

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!table = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
func.func @lora_delta_c3_slices(%x: tensor<?x64xbf16>, %plan: !plan,
                                %t: !table, %h: tensor<?x32xf32>) {
  // expected-error @below {{'moelora.lora_delta' op expects the accumulator to have shape ?x2x32, but the shape is ?x32}}
  %hd = moelora.lora_delta gather %x by %plan, %t into %h
    : tensor<?x64xbf16>, !plan, !table, tensor<?x32xf32>
  return
}
