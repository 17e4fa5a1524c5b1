// RUN: moelora-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expects a table of bf16, f16 or f32, but it is of 'i8'}}
func.func private @element(!moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 16, i8>)

// -----

// expected-error @below {{expects fragment_major pages to have elements of 2 bytes, but they are of 'f32'}}
func.func private @page_order(!moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 16, f32, fragment_major>)

// -----

// expected-error @below {{expects slots to be in [0, 65536], but it is 65537}}
func.func private @slots(!moelora.slot_table<65537 slots, 8 experts, 1 x 4 x 4, max_rank = 16, bf16>)

// -----

// expected-error @below {{expects experts to be in [1, 1048576], but it is 0}}
func.func private @experts(!moelora.slot_table<4 slots, 0 experts, 1 x 4 x 4, max_rank = 16, bf16>)

// -----

// expected-error @below {{expects slices to be in [1, 2], but it is 3}}
func.func private @slices(!moelora.slot_table<4 slots, 8 experts, 3 x 4 x 4, max_rank = 16, bf16>)

// -----

// expected-error @below {{expects out to be in [1, 1048576], but it is 0}}
func.func private @out(!moelora.slot_table<4 slots, 8 experts, 1 x 0 x 4, max_rank = 16, bf16>)

// -----

// expected-error @below {{expects in to be in [1, 1048576], but it is 4611686018427387904}}
func.func private @in(!moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4611686018427387904, max_rank = 16, bf16>)

// -----

// expected-error @below {{expects max_rank to be in [1, 1048576], but it is 0}}
func.func private @max_rank(!moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 0, bf16>)

// -----

// expected-error @below {{expects experts to be in [1, 1048576], but it is -1}}
func.func private @plan_experts(!moelora.plan<-1 experts, 4 slots, top_k = 2>)

// -----

// expected-error @below {{expects slots to be in [0, 65536], but it is 1048576}}
func.func private @plan_slots(!moelora.plan<8 experts, 1048576 slots, top_k = 2>)

// -----

// expected-error @below {{expects top_k to be in [1, 1048576], but it is 0}}
func.func private @plan_top_k(!moelora.plan<8 experts, 4 slots, top_k = 0>)
