// The limits are asymmetric: up is limited on both sides, the gate from above
// only. Sums are around one, the limits below: values lie beyond them on both
// sides, and gate and up clamped alike would differ.
// RUN: moelora-check-code %s
// RUN: sed s/bf16/f32/g %s > %t.f32.mlir
// RUN: moelora-check-code %t.f32.mlir --seed=2

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @clamped_before(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<3x2x28x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x28xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x20xbf16>, !plan, tensor<3x2x28x20xbf16> -> tensor<?x2x28xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated, clamp = pre, gate_max = 0.5, up_limit = 0.25, alpha = 1.702,
       up_offset = 1.0>}
    : tensor<?x2x28xf32> -> tensor<?x28xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x28xbf16>, !plan, tensor<3x20x28xbf16> -> tensor<?x20xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x20xf32>, !plan, tensor<?x2xf32> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

moelora.layer @clamped_after(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<3x2x28x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x28xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x20xbf16>, !plan, tensor<3x2x28x20xbf16> -> tensor<?x2x28xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated, clamp = post, gate_max = 0.25, up_limit = 0.25>}
    : tensor<?x2x28xf32> -> tensor<?x28xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x28xbf16>, !plan, tensor<3x20x28xbf16> -> tensor<?x20xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x20xf32>, !plan, tensor<?x2xf32> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
