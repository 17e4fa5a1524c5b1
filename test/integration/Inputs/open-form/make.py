# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints a module with one layer and 300 functions that call it, cut in turn by
experts, by intermediate sizes, by both, and by tokens as well. Its parts have a
bias in common, and some have a map of their experts."""

HEAD = """
!x = tensor<?x64xbf16>
!ids = tensor<?x2xi32>
!w13 = tensor<8x2x32x64xbf16>
!w2 = tensor<8x64x32xbf16>
!b2 = tensor<8x64xf32>
!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
shard.grid @grid(shape = 2x2x4)
moelora.layer @given(
    %x: !x {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: !ids {moelora.role = #moelora.role<expert_ids>},
    %w13: !w13 {moelora.role = #moelora.role<gate_up_weight>},
    %w2: !w2 {moelora.role = #moelora.role<down_weight>},
    %b2: !b2 {moelora.role = #moelora.role<down_bias>},
    %t: !t {moelora.role = #moelora.role<down_adapters>}) -> !x {
  %slot = moelora.resolve_slots %slots in %t : tensor<?xi32>, !t
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>) : !ids -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : !x, !plan, !w13 -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2 bias(%b2 : !b2)
    : tensor<?x32xbf16>, !plan, !w2 -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %t into %y
    : tensor<?x32xbf16>, !plan, !t, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan : tensor<?x64xf32>, !plan -> !x
  moelora.yield %o : !x
}
"""

FUNCTION = """
func.func @f{number}(%x: !x, %s: tensor<?xi32>, %i: !ids, %w13: !w13,
                     %w2: !w2, %b2: !b2, %t: !t, %context: !moelora.context) -> !x {{
  %n = arith.constant {number} : index
  %rows = shard.sharding @grid split_axes = [{rows}] : !shard.sharding
  %cut = shard.sharding @grid split_axes = {weight} : !shard.sharding
  %x1 = shard.shard %x to %rows : !x
  %d = shard.shard %w2 to %cut : !w2
  %y = moelora.call @given(%x1, %s, %i, %w13, %d, %b2, %t) in %context[%n]
    : (!x, tensor<?xi32>, !ids, !w13, !w2, !b2, !t) -> !x
  return %y : !x
}}
"""

CUTS = (("[]", "[[1]]"), ("[]", "[[], [], [2]]"), ("[]", "[[1], [], [2]]"),
        ("[0]", "[[1], [], [2]]"))

print(HEAD)
for number in range(300):
    rows, weight = CUTS[number % len(CUTS)]
    print(FUNCTION.format(number=number, rows=rows, weight=weight))
