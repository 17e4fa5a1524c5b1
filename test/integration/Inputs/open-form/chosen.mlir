// A layer that chooses experts, with a shared expert, biases and adapters. One
// function calls it, and two are cut: by tokens, experts and intermediate sizes,
// and by tokens over the axis of the experts, too.

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!wr = tensor<1x8x64xbf16>
!w13 = tensor<8x2x32x64xbf16>
!b13 = tensor<8x2x32xf32>
!w2 = tensor<8x64x32xbf16>
!b2 = tensor<8x64xf32>
!s13 = tensor<1x2x32x64xbf16>
!c13 = tensor<1x2x32xf32>
!s2 = tensor<1x64x32xbf16>
!c2 = tensor<1x64xf32>
!score = tensor<1x1x64xbf16>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
!u13 = !moelora.slot_table<4 slots, 1 experts, 2 x 32 x 64, max_rank = 16, bf16>
!u2 = !moelora.slot_table<4 slots, 1 experts, 1 x 64 x 32, max_rank = 16, bf16>
!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!h = tensor<?x2x32xf32>
!a = tensor<?x32xbf16>
!y = tensor<?x64xf32>

shard.grid @grid(shape = 2x2x2)

moelora.layer @chosen(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: !wr {moelora.role = #moelora.role<router_weight>},
    %w13: !w13 {moelora.role = #moelora.role<gate_up_weight>},
    %b13: !b13 {moelora.role = #moelora.role<gate_up_bias>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>},
    %b2: !b2 {moelora.role = #moelora.role<down_bias>},
    %s13: !s13 {moelora.role = #moelora.role<shared_gate_up_weight>},
    %c13: !c13 {moelora.role = #moelora.role<shared_gate_up_bias>},
    %s2: !s2 {moelora.role = #moelora.role<shared_down_weight>},
    %c2: !c2 {moelora.role = #moelora.role<shared_down_bias>},
    %ws: !score {moelora.role = #moelora.role<shared_score_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>},
    %u13: !u13 {moelora.role = #moelora.role<shared_gate_up_adapters>},
    %u2: !u2 {moelora.role = #moelora.role<shared_down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %slots in %t13, %t2, %u13, %u2
    : tensor<?xi32>, !t13, !t2, !u13, !u2
  %all = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %l = moelora.expert_gemm gather %x by %all, %wr
    : !x, !one, !wr -> tensor<?x8xf32>
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> !ids, !w
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13 bias(%b13 : !b13)
    : !x, !plan, !w13 -> !h
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : !x, !plan, !t13, !h
  %a = moelora.activation %hd {function = #moelora.act<silu, gated>} : !h -> !a
  %y = moelora.expert_gemm %a by %plan, %w2 bias(%b2 : !b2)
    : !a, !plan, !w2 -> !y
  %yd = moelora.lora_delta %a by %plan, %t2 into %y : !a, !plan, !t2, !y
  %k = moelora.expert_gemm gather %x by %all, %s13 bias(%c13 : !c13)
    : !x, !one, !s13 -> !h
  %kd = moelora.lora_delta gather %x by %all, %u13 into %k : !x, !one, !u13, !h
  %b = moelora.activation %kd {function = #moelora.act<silu, gated>} : !h -> !a
  %s = moelora.expert_gemm %b by %all, %s2 bias(%c2 : !c2)
    : !a, !one, !s2 -> !y
  %sd = moelora.lora_delta %b by %all, %u2 into %s : !a, !one, !u2, !y
  %score = moelora.expert_gemm gather %x by %all, %ws
    : !x, !one, !score -> tensor<?x1xf32>
  %o = moelora.combine %yd by %plan, %w shared(%sd : !y)
    score(%score : tensor<?x1xf32>)
    {routed_scale = 1.5 : f32, shared_scale = 0.75 : f32} : !y, !plan, !w -> !x
  moelora.yield %o : !x
}

func.func @whole(
    %x: !x, %slots: tensor<?xi32>, %wr: !wr, %w13: !w13, %b13: !b13, %w2: !w2,
    %b2: !b2, %s13: !s13, %c13: !c13, %s2: !s2, %c2: !c2, %ws: !score,
    %t13: !t13, %t2: !t2, %u13: !u13, %u2: !u2, %context: !moelora.context)
    -> !x attributes {llvm.emit_c_interface} {
  %number = arith.constant 0 : index
  %y = moelora.call @chosen(%x, %slots, %wr, %w13, %b13, %w2, %b2, %s13, %c13,
      %s2, %c2, %ws, %t13, %t2, %u13, %u2) in %context[%number]
    : (!x, tensor<?xi32>, !wr, !w13, !b13, !w2, !b2, !s13, !c13, !s2, !c2,
       !score, !t13, !t2, !u13, !u2) -> !x
  return %y : !x
}

func.func @part(
    %x: !x, %slots: tensor<?xi32>, %wr: !wr, %w13: !w13, %b13: !b13, %w2: !w2,
    %b2: !b2, %s13: !s13, %c13: !c13, %s2: !s2, %c2: !c2, %ws: !score,
    %t13: !t13, %t2: !t2, %u13: !u13, %u2: !u2, %context: !moelora.context)
    -> !x attributes {llvm.emit_c_interface} {
  %number = arith.constant 0 : index
  %rows = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %x1 = shard.shard %x to %rows : !x
  %w3 = shard.shard %w2 to %cut : !w2
  %y = moelora.call @chosen(%x1, %slots, %wr, %w13, %b13, %w3, %b2, %s13, %c13,
      %s2, %c2, %ws, %t13, %t2, %u13, %u2) in %context[%number]
    : (!x, tensor<?xi32>, !wr, !w13, !b13, !w2, !b2, !s13, !c13, !s2, !c2,
       !score, !t13, !t2, !u13, !u2) -> !x
  return %y : !x
}

func.func @gathered(
    %x: !x, %slots: tensor<?xi32>, %wr: !wr, %w13: !w13, %b13: !b13, %w2: !w2,
    %b2: !b2, %s13: !s13, %c13: !c13, %s2: !s2, %c2: !c2, %ws: !score,
    %t13: !t13, %t2: !t2, %u13: !u13, %u2: !u2, %context: !moelora.context)
    -> !x attributes {llvm.emit_c_interface} {
  %number = arith.constant 0 : index
  %rows = shard.sharding @grid split_axes = [[0, 1]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %x1 = shard.shard %x to %rows : !x
  %w3 = shard.shard %w2 to %cut : !w2
  %y = moelora.call @chosen(%x1, %slots, %wr, %w13, %b13, %w3, %b2, %s13, %c13,
      %s2, %c2, %ws, %t13, %t2, %u13, %u2) in %context[%number]
    : (!x, tensor<?xi32>, !wr, !w13, !b13, !w2, !b2, !s13, !c13, !s2, !c2,
       !score, !t13, !t2, !u13, !u2) -> !x
  return %y : !x
}
