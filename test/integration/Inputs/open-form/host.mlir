// A layer, a function that calls it, and one that is cut by tokens, experts and
// intermediate sizes.

!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!w13 = tensor<8x2x32x64xbf16>
!w2 = tensor<8x64x32xbf16>
!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>

shard.grid @grid(shape = 2x2x2)

moelora.layer @experts(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w: !w {moelora.role = #moelora.role<expert_weights>},
    %w13: !w13 {moelora.role = #moelora.role<gate_up_weight>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>}) -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan, !w13 -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, !w2 -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w : tensor<?x64xf32>, !plan, !w -> !x
  moelora.yield %o : !x
}

func.func @whole(%x: !x, %ids: !ids, %w: !w, %w13: !w13, %w2: !w2,
                 %context: !moelora.context) -> !x
                 attributes {llvm.emit_c_interface} {
  %number = arith.constant 0 : index
  %y = moelora.call @experts(%x, %ids, %w, %w13, %w2) in %context[%number]
    : (!x, !ids, !w, !w13, !w2) -> !x
  return %y : !x
}

func.func @part(%x: !x, %ids: !ids, %w: !w, %w13: !w13, %w2: !w2,
                %context: !moelora.context) -> !x
                attributes {llvm.emit_c_interface} {
  %number = arith.constant 0 : index
  %rows = shard.sharding @grid split_axes = [[0]] : !shard.sharding
  %cut = shard.sharding @grid split_axes = [[1], [], [2]] : !shard.sharding
  %x1 = shard.shard %x to %rows : !x
  %w3 = shard.shard %w2 to %cut : !w2
  %y = moelora.call @experts(%x1, %ids, %w, %w13, %w3) in %context[%number]
    : (!x, !ids, !w, !w13, !w2) -> !x
  return %y : !x
}
