// Two layers of different sizes, and a residual connection between them.

#rows = affine_map<(t, h) -> (t, h)>
!x = tensor<?x64xbf16>
!all = !moelora.plan<1 experts, 4 slots, top_k = 1>
!plan1 = !moelora.plan<8 experts, 4 slots, top_k = 2>
!plan2 = !moelora.plan<4 experts, 4 slots, top_k = 1>
!gate_up1 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
!down1 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
!gate_up2 = !moelora.slot_table<4 slots, 4 experts, 2 x 48 x 64, max_rank = 16, bf16>
!down2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 48, max_rank = 16, bf16>

moelora.layer @first(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x8x64xbf16> {moelora.role = #moelora.role<router_weight>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %a13: !gate_up1 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !down1 {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %slots in %a13, %a2
    : tensor<?xi32>, !gate_up1, !down1
  %all = moelora.dispatch slots(%slot : tensor<?xi32>) -> !all
  %logits = moelora.expert_gemm gather %x by %all, %wr
    : !x, !all, tensor<1x8x64xbf16> -> tensor<?x8xf32>
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax, renormalize = sum>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan1
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan1, tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  %hd = moelora.lora_delta gather %x by %plan, %a13 into %h
    : !x, !plan1, !gate_up1, tensor<?x2x32xf32>
  %a = moelora.activation %hd {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !plan1, tensor<8x64x32xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %a2 into %y
    : tensor<?x32xbf16>, !plan1, !down1, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan1, tensor<?x2xf32> -> !x
  moelora.yield %o : !x
}

moelora.layer @second(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x4x64xbf16> {moelora.role = #moelora.role<router_weight>},
    %w13: tensor<4x2x48x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x64x48xbf16> {moelora.role = #moelora.role<down_weight>},
    %a13: !gate_up2 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !down2 {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %slots in %a13, %a2
    : tensor<?xi32>, !gate_up2, !down2
  %all = moelora.dispatch slots(%slot : tensor<?xi32>) -> !all
  %logits = moelora.expert_gemm gather %x by %all, %wr
    : !x, !all, tensor<1x4x64xbf16> -> tensor<?x4xf32>
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 1, score = sigmoid>}
    : tensor<?x4xf32> -> tensor<?x1xi32>, tensor<?x1xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x1xi32> -> !plan2
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan2, tensor<4x2x48x64xbf16> -> tensor<?x2x48xf32>
  %hd = moelora.lora_delta gather %x by %plan, %a13 into %h
    : !x, !plan2, !gate_up2, tensor<?x2x48xf32>
  %a = moelora.activation %hd {function = #moelora.act<silu, gated>}
    : tensor<?x2x48xf32> -> tensor<?x48xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x48xbf16>, !plan2, tensor<4x64x48xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %a2 into %y
    : tensor<?x48xbf16>, !plan2, !down2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan2, tensor<?x1xf32> -> !x
  moelora.yield %o : !x
}

// first = @first(x), between = first + x, second = @second(between)
func.func @serve(%x: !x, %slots: tensor<?xi32>,
                 %wr1: tensor<1x8x64xbf16>, %w13_1: tensor<8x2x32x64xbf16>,
                 %w2_1: tensor<8x64x32xbf16>, %wr2: tensor<1x4x64xbf16>,
                 %w13_2: tensor<4x2x48x64xbf16>, %w2_2: tensor<4x64x48xbf16>,
                 %a13_1: !gate_up1, %a2_1: !down1, %a13_2: !gate_up2,
                 %a2_2: !down2, %first: memref<?x64xbf16>,
                 %between: memref<?x64xbf16>, %second: memref<?x64xbf16>,
                 %context: !moelora.context)
                 attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = moelora.call @first(%x, %slots, %wr1, %w13_1, %w2_1, %a13_1, %a2_1)
    in %context[%c0]
    : (!x, tensor<?xi32>, tensor<1x8x64xbf16>, tensor<8x2x32x64xbf16>,
       tensor<8x64x32xbf16>, !gate_up1, !down1) -> !x
  %tokens = tensor.dim %x, %c0 : !x
  %empty = tensor.empty(%tokens) : !x
  %h = linalg.generic {indexing_maps = [#rows, #rows, #rows],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : !x, !x) outs(%empty : !x) {
  ^bb0(%a: bf16, %b: bf16, %unused: bf16):
    %wide_a = arith.extf %a : bf16 to f32
    %wide_b = arith.extf %b : bf16 to f32
    %sum = arith.addf %wide_a, %wide_b : f32
    %result = arith.truncf %sum : f32 to bf16
    linalg.yield %result : bf16
  } -> !x
  %z = moelora.call @second(%h, %slots, %wr2, %w13_2, %w2_2, %a13_2, %a2_2)
    in %context[%c1]
    : (!x, tensor<?xi32>, tensor<1x4x64xbf16>, tensor<4x2x48x64xbf16>,
       tensor<4x64x48xbf16>, !gate_up2, !down2) -> !x
  bufferization.materialize_in_destination %y in restrict writable %first
    : (!x, memref<?x64xbf16>) -> ()
  bufferization.materialize_in_destination %h in restrict writable %between
    : (!x, memref<?x64xbf16>) -> ()
  bufferization.materialize_in_destination %z in restrict writable %second
    : (!x, memref<?x64xbf16>) -> ()
  return
}
