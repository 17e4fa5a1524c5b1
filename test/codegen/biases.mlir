// A bias on every linear, and odd sizes: each is added in f32 to the sum that it
// belongs to, before its weight, score or non-linearity.
// RUN: moelora-check-code %s
// RUN: sed s/bf16/f32/g %s > %t.f32.mlir
// RUN: moelora-check-code %t.f32.mlir --seed=2

!plan = !moelora.plan<3 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!table = !moelora.slot_table<2 slots, 1 experts, 1 x 1 x 21, max_rank = 3, bf16>

moelora.layer @layer(
    %x: tensor<?x21xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x3x21xbf16> {moelora.role = #moelora.role<router_weight>},
    %br: tensor<1x3xf32> {moelora.role = #moelora.role<router_bias>},
    %w13: tensor<3x2x13x21xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %b13: tensor<3x2x13xf32> {moelora.role = #moelora.role<gate_up_bias>},
    %w2: tensor<3x21x13xbf16> {moelora.role = #moelora.role<down_weight>},
    %b2: tensor<3x21xf32> {moelora.role = #moelora.role<down_bias>},
    %s13: tensor<1x1x19x21xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %c13: tensor<1x1x19xf32> {moelora.role = #moelora.role<shared_gate_up_bias>},
    %s2: tensor<1x21x19xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %c2: tensor<1x21xf32> {moelora.role = #moelora.role<shared_down_bias>},
    %sv: tensor<1x1x21xbf16> {moelora.role = #moelora.role<shared_score_weight>},
    %t: !table {moelora.role = #moelora.role<shared_score_adapters>})
    -> tensor<?x21xbf16> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %l = moelora.expert_gemm gather %x by %one, %wr bias(%br : tensor<1x3xf32>)
    : tensor<?x21xbf16>, !one, tensor<1x3x21xbf16> -> tensor<?x3xf32>
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = identity, post = softmax>}
    : tensor<?x3xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    bias(%b13 : tensor<3x2x13xf32>)
    : tensor<?x21xbf16>, !plan, tensor<3x2x13x21xbf16> -> tensor<?x2x13xf32>
  %a = moelora.activation %h {function = #moelora.act<gelu_tanh, gated>}
    : tensor<?x2x13xf32> -> tensor<?x13xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2 bias(%b2 : tensor<3x21xf32>)
    : tensor<?x13xbf16>, !plan, tensor<3x21x13xbf16> -> tensor<?x21xf32>
  %sh = moelora.expert_gemm gather %x by %one, %s13
    bias(%c13 : tensor<1x1x19xf32>)
    : tensor<?x21xbf16>, !one, tensor<1x1x19x21xbf16> -> tensor<?x1x19xf32>
  %sa = moelora.activation %sh {function = #moelora.act<gelu>}
    : tensor<?x1x19xf32> -> tensor<?x19xbf16>
  %shared = moelora.expert_gemm %sa by %one, %s2 bias(%c2 : tensor<1x21xf32>)
    : tensor<?x19xbf16>, !one, tensor<1x21x19xbf16> -> tensor<?x21xf32>
  %score = moelora.expert_gemm gather %x by %one, %sv
    : tensor<?x21xbf16>, !one, tensor<1x1x21xbf16> -> tensor<?x1xf32>
  %scored = moelora.lora_delta gather %x by %one, %t into %score
    : tensor<?x21xbf16>, !one, !table, tensor<?x1xf32>
  %o = moelora.combine %y by %plan, %w shared(%shared : tensor<?x21xf32>)
    score(%scored : tensor<?x1xf32>)
    {routed_scale = 2.5 : f32, shared_scale = 0.5 : f32}
    : tensor<?x21xf32>, !plan, tensor<?x2xf32> -> tensor<?x21xbf16>
  moelora.yield %o : tensor<?x21xbf16>
}
