// The weight of a choice multiplies what its expert reads, adapters included,
// and is not applied a second time: neither to the down projection nor to its
// adapter.
// RUN: moelora-check-code %s
// RUN: sed s/bf16/f32/g %s > %t.f32.mlir
// RUN: moelora-check-code %t.f32.mlir --seed=2

!plan = !moelora.plan<3 experts, 4 slots, top_k = 2>
!t1 = !moelora.slot_table<4 slots, 3 experts, 1 x 20 x 36, max_rank = 20, bf16>
!t2 = !moelora.slot_table<4 slots, 3 experts, 2 x 20 x 36, max_rank = 20, bf16>
!down = !moelora.slot_table<4 slots, 3 experts, 1 x 36 x 20, max_rank = 20, bf16>

moelora.layer @gated(
    %x: tensor<?x36xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<3x2x20x36xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x36x20xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t2 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !down {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x36xbf16> {
  %slot = moelora.resolve_slots %s in %t13, %t2 : tensor<?xi32>, !t2, !down
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x36xbf16>, !plan, tensor<3x2x20x36xbf16> -> tensor<?x2x20xf32>
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : tensor<?x36xbf16>, !plan, !t2, tensor<?x2x20xf32>
  %a = moelora.activation %hd weighted(%w by %plan : tensor<?x2xf32>, !plan)
    {function = #moelora.act<silu, gated>}
    : tensor<?x2x20xf32> -> tensor<?x20xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x20xbf16>, !plan, tensor<3x36x20xbf16> -> tensor<?x36xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x20xbf16>, !plan, !down, tensor<?x36xf32>
  %o = moelora.combine %yd by %plan
    : tensor<?x36xf32>, !plan -> tensor<?x36xbf16>
  moelora.yield %o : tensor<?x36xbf16>
}

moelora.layer @plain(
    %x: tensor<?x36xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<3x1x20x36xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x36x20xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t1 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !down {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x36xbf16> {
  %slot = moelora.resolve_slots %s in %t13, %t2 : tensor<?xi32>, !t1, !down
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x36xbf16>, !plan, tensor<3x1x20x36xbf16> -> tensor<?x1x20xf32>
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : tensor<?x36xbf16>, !plan, !t1, tensor<?x1x20xf32>
  %a = moelora.activation %hd weighted(%w by %plan : tensor<?x2xf32>, !plan)
    {function = #moelora.act<relu2>}
    : tensor<?x1x20xf32> -> tensor<?x20xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x20xbf16>, !plan, tensor<3x36x20xbf16> -> tensor<?x36xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x20xbf16>, !plan, !down, tensor<?x36xf32>
  %o = moelora.combine %yd by %plan
    : tensor<?x36xf32>, !plan -> tensor<?x36xbf16>
  moelora.yield %o : tensor<?x36xbf16>
}
