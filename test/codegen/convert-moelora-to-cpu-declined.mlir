// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --moelora-schedule --convert-moelora-to-cpu=cpu=x86-64-v4
// RUN: not moelora-opt %S/entry-points.mlir --split-input-file \
// RUN:   --convert-moelora-to-cpu=cpu=mill 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not moelora-opt %S/entry-points.mlir --split-input-file \
// RUN:   --convert-moelora-to-cpu=cpu=x86-64 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: not moelora-opt %S/entry-points.mlir --split-input-file \
// RUN:   --convert-moelora-to-cpu=tier=amx 2>&1 | FileCheck %s --check-prefix=TIER

// CPU: error: 'moelora.layer' op expects an x86-64 CPU known to LLVM, or native, but the CPU is 'mill'
// OLD: error: 'moelora.layer' op expects a CPU with avx2, f16c and fma, but 'x86-64' lacks them
// TIER: error: 'moelora.layer' op expects the tier to be avx512bf16, avx512f or avx2, but it is 'amx'

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @not_fused(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  // expected-error @below {{expects a layer at the fused level, but it has a moelora.dispatch}}
  %plan = moelora.dispatch %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @rounded_logits(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  // expected-error @below {{expects logits of f32, but they are of 'bf16'}}
  %e, %w = moelora.route %x
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x20xbf16> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!plan = !moelora.plan<3 experts, 2 slots, top_k = 2>
!table = !moelora.slot_table<2 slots, 3 experts, 1 x 20 x 20, max_rank = 16, f32>

moelora.layer @other_adapters(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %t2: !table {moelora.role = #moelora.role<down_adapters>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %slot = moelora.resolve_slots %ids in %t2 : tensor<?xi32>, !table
  %plan = moelora.plan %e slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  // expected-error @below {{expects adapters in the layer's element type 'bf16', but the table has 'f32'}}
  %u = moelora.shrink gather %x by %plan, %t2
    : tensor<?x20xbf16>, !plan, !table -> tensor<?x1x16xf32>
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    lora(%u, %t2 : tensor<?x1x16xf32>, !table) combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

// expected-error @below {{'moelora.layer' op expects its output to be a grouped_matmul with combine or sum, an rms_norm, or a finish}}
moelora.layer @no_combine(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>}) -> tensor<?x20xbf16> {
  moelora.yield %x : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

// An activation lies in the order of its plan, whose rows here are tokens.
moelora.layer @gathered_activation(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w1: tensor<1x1x20x20xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %w2: tensor<1x20x20xbf16> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x20xbf16> {
  %one = moelora.plan -> !one
  %a = moelora.grouped_matmul gather %x by %one, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !one, tensor<1x1x20x20xbf16> -> tensor<?x20xbf16>
  // expected-error @below {{expects an activation to be read pair by pair, but it is gathered by token}}
  %o = moelora.grouped_matmul gather %a by %one, %w2 sum
    : tensor<?x20xbf16>, !one, tensor<1x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

// A norm reads rows.
moelora.layer @normed_activation(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w1: tensor<1x1x20x20xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %w2: tensor<1x20x20xbf16> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x20xbf16> {
  %one = moelora.plan -> !one
  %a = moelora.grouped_matmul gather %x by %one, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !one, tensor<1x1x20x20xbf16> -> tensor<?x20xbf16>
  // expected-error @below {{expects an activation to be the input of a grouped_matmul or a shrink only}}
  %o = moelora.rms_norm %a {epsilon = 1.0e-06 : f32}
    : tensor<?x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

// So does a router.
moelora.layer @routed_activation(
    %x: tensor<?x20xf32> {moelora.role = #moelora.role<hidden>},
    %w1: tensor<1x1x20x20xf32> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %w2: tensor<1x20x20xf32> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x20xf32> {
  %one = moelora.plan -> !one
  %a = moelora.grouped_matmul gather %x by %one, %w1 activate(<relu2>)
    : tensor<?x20xf32>, !one, tensor<1x1x20x20xf32> -> tensor<?x20xf32>
  // expected-error @below {{expects an activation to be the input of a grouped_matmul or a shrink only}}
  %e, %w = moelora.route %a
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x20xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %o = moelora.grouped_matmul gather %x by %one, %w2 sum
    : tensor<?x20xf32>, !one, tensor<1x20x20xf32> -> tensor<?x20xf32>
  moelora.yield %o : tensor<?x20xf32>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

// It is packed for products of its own type.
moelora.layer @wide_weight_of_activation(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %w1: tensor<1x1x20x20xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %w2: tensor<1x20x20xf32> {moelora.role = #moelora.role<router_weight>})
    -> tensor<?x20xbf16> {
  %one = moelora.plan -> !one
  %a = moelora.grouped_matmul gather %x by %one, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !one, tensor<1x1x20x20xbf16> -> tensor<?x20xbf16>
  // expected-error @below {{expects an activation and the weight to have one element type, but the activation is of 'bf16' and the weight of 'f32'}}
  %o = moelora.grouped_matmul %a by %one, %w2 sum
    : tensor<?x20xbf16>, !one, tensor<1x20x20xf32> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
