// Experts alone: routing is given, the down projection is adapted.
moelora.layer @experts(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<4x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 32, max_rank = 16, bf16>
      {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %slots in %t2 : tensor<?xi32>,
    !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 32, max_rank = 16, bf16>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 4 slots, top_k = 2>
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x64xbf16>, !moelora.plan<4 experts, 4 slots, top_k = 2>,
      tensor<4x2x32x64xbf16> -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !moelora.plan<4 experts, 4 slots, top_k = 2>,
      tensor<4x64x32xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x32xbf16>, !moelora.plan<4 experts, 4 slots, top_k = 2>,
      !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 32, max_rank = 16, bf16>,
      tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !moelora.plan<4 experts, 4 slots, top_k = 2>,
      tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
