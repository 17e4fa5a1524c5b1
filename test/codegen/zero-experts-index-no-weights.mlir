// Three experts have weights; the ids 3 and 4 name experts that have none. Read
// as numbers of experts they would index past the weights: what is computed for
// them is the row that they read, or nothing.
// RUN: moelora-check-code %s
// RUN: sed s/bf16/f32/g %s > %t.f32.mlir
// RUN: moelora-check-code %t.f32.mlir --seed=2

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @identity(
    %x: tensor<?x21xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<3x2x12x21xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x21x12xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x21xbf16> {
  %plan = moelora.dispatch %ids {zero_experts = 2 : i64}
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x21xbf16>, !plan, tensor<3x2x12x21xbf16> -> tensor<?x2x12xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x12xf32> -> tensor<?x12xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x12xbf16>, !plan, tensor<3x21x12xbf16> -> tensor<?x21xf32>
  %iw = moelora.identity_weight %ids, %w from 3 to 5
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %o = moelora.combine %y by %plan, %w
    identity(%x, %iw : tensor<?x21xbf16>, tensor<?x1xf32>)
    {routed_scale = 2.5 : f32}
    : tensor<?x21xf32>, !plan, tensor<?x2xf32> -> tensor<?x21xbf16>
  moelora.yield %o : tensor<?x21xbf16>
}

moelora.layer @drop(
    %x: tensor<?x21xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x5xf32> {moelora.role = #moelora.role<router_logits>},
    %w1: tensor<3x1x12x21xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x21x12xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x21xbf16> {
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x5xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids {zero_experts = 2 : i64}
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w1
    : tensor<?x21xbf16>, !plan, tensor<3x1x12x21xbf16> -> tensor<?x1x12xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x12xf32> -> tensor<?x12xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x12xbf16>, !plan, tensor<3x21x12xbf16> -> tensor<?x21xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x21xf32>, !plan, tensor<?x2xf32> -> tensor<?x21xbf16>
  moelora.yield %o : tensor<?x21xbf16>
}
