// A layer, and the sum of its two halves of the experts.

#rows = affine_map<(t, h) -> (t, h)>
!x = tensor<?x64xbf16>
!sum = tensor<?x64xf32>
!ids = tensor<?x2xi32>
!w = tensor<?x2xf32>
!map = tensor<1x4xi32>
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @experts(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w: !w {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<4x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x64x32xbf16> {moelora.role = #moelora.role<down_weight>})
    -> !x {
  %plan = moelora.dispatch %ids : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan, tensor<4x2x32x64xbf16> -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<4x64x32xbf16> -> !sum
  %o = moelora.combine %y by %plan, %w : !sum, !plan, !w -> !x
  moelora.yield %o : !x
}

// `low` is the map of experts 0 and 1, and `high` that of 2 and 3.
func.func @both(%x: !x, %ids: !ids, %low: !map, %high: !map, %w: !w,
                %w13: tensor<4x2x32x64xbf16>, %w2: tensor<4x64x32xbf16>,
                %whole: memref<?x64xbf16>, %added: memref<?x64xbf16>,
                %context: !moelora.context)
                attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = moelora.call @experts(%x, %ids, %w, %w13, %w2) in %context[%c0]
    : (!x, !ids, !w, tensor<4x2x32x64xbf16>, tensor<4x64x32xbf16>) -> !x
  %w13_low = tensor.extract_slice %w13[0, 0, 0, 0] [2, 2, 32, 64] [1, 1, 1, 1]
    : tensor<4x2x32x64xbf16> to tensor<2x2x32x64xbf16>
  %w13_high = tensor.extract_slice %w13[2, 0, 0, 0] [2, 2, 32, 64] [1, 1, 1, 1]
    : tensor<4x2x32x64xbf16> to tensor<2x2x32x64xbf16>
  %w2_low = tensor.extract_slice %w2[0, 0, 0] [2, 64, 32] [1, 1, 1]
    : tensor<4x64x32xbf16> to tensor<2x64x32xbf16>
  %w2_high = tensor.extract_slice %w2[2, 0, 0] [2, 64, 32] [1, 1, 1]
    : tensor<4x64x32xbf16> to tensor<2x64x32xbf16>
  %p = moelora.call @experts(%x, %ids, %w, %w13_low, %w2_low, %low)
    in %context[%c1] cut = [2, 1]
    : (!x, !ids, !w, tensor<2x2x32x64xbf16>, tensor<2x64x32xbf16>, !map)
      -> !sum
  %q = moelora.call @experts(%x, %ids, %w, %w13_high, %w2_high, %high)
    in %context[%c1] cut = [2, 1]
    : (!x, !ids, !w, tensor<2x2x32x64xbf16>, tensor<2x64x32xbf16>, !map)
      -> !sum
  %tokens = tensor.dim %x, %c0 : !x
  %empty = tensor.empty(%tokens) : !x
  %z = linalg.generic {indexing_maps = [#rows, #rows, #rows],
                       iterator_types = ["parallel", "parallel"]}
      ins(%p, %q : !sum, !sum) outs(%empty : !x) {
  ^bb0(%a: f32, %b: f32, %unused: bf16):
    %sum = arith.addf %a, %b : f32
    %result = arith.truncf %sum : f32 to bf16
    linalg.yield %result : bf16
  } -> !x
  bufferization.materialize_in_destination %y in restrict writable %whole
    : (!x, memref<?x64xbf16>) -> ()
  bufferization.materialize_in_destination %z in restrict writable %added
    : (!x, memref<?x64xbf16>) -> ()
  return
}
