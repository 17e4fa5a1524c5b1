// The experts work on a projection of the hidden states, rounded once, and their
// sum is projected back; what is in between lies row by row in the workspace.
// The router and the shared expert read the hidden states.
// RUN: moelora-opt %s --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-schedule --convert-moelora-to-cpu=cpu=x86-64-v4 | FileCheck %s
// RUN: moelora-check-code %s
// RUN: sed s/bf16/f32/g %s > %t.f32.mlir
// RUN: moelora-check-code %t.f32.mlir --seed=2

// CHECK-COUNT-3: llvm.func internal @layer.combine_

!plan = !moelora.plan<5 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!in = !moelora.slot_table<2 slots, 1 experts, 1 x 20 x 36, max_rank = 16, bf16>
!out = !moelora.slot_table<2 slots, 1 experts, 1 x 36 x 20, max_rank = 16, bf16>

moelora.layer @layer(
    %x: tensor<?x36xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x7x36xbf16> {moelora.role = #moelora.role<router_weight>},
    %w13: tensor<5x1x12x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<5x20x12xbf16> {moelora.role = #moelora.role<down_weight>},
    %s1: tensor<1x1x12x36xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %s2: tensor<1x36x12xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %wi: tensor<1x20x36xbf16> {moelora.role = #moelora.role<latent_in_weight>},
    %bi: tensor<1x20xf32> {moelora.role = #moelora.role<latent_in_bias>},
    %wo: tensor<1x36x20xbf16> {moelora.role = #moelora.role<latent_out_weight>},
    %bo: tensor<1x36xf32> {moelora.role = #moelora.role<latent_out_bias>},
    %ti: !in {moelora.role = #moelora.role<latent_in_adapters>},
    %to: !out {moelora.role = #moelora.role<latent_out_adapters>})
    -> tensor<?x36xbf16> {
  %slot = moelora.resolve_slots %s in %ti, %to : tensor<?xi32>, !in, !out
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %l = moelora.expert_gemm gather %x by %one, %wr
    : tensor<?x36xbf16>, !one, tensor<1x7x36xbf16> -> tensor<?x7xf32>
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = sigmoid>}
    : tensor<?x7xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %li = moelora.expert_gemm gather %x by %one, %wi
    bias(%bi : tensor<1x20xf32>)
    : tensor<?x36xbf16>, !one, tensor<1x20x36xbf16> -> tensor<?x20xf32>
  %lid = moelora.lora_delta gather %x by %one, %ti into %li
    : tensor<?x36xbf16>, !one, !in, tensor<?x20xf32>
  %lx = moelora.combine %lid by %one
    : tensor<?x20xf32>, !one -> tensor<?x20xbf16>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    {zero_experts = 2 : i64} : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %lx by %plan, %w13
    : tensor<?x20xbf16>, !plan, tensor<5x1x12x20xbf16> -> tensor<?x1x12xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x12xf32> -> tensor<?x12xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x12xbf16>, !plan, tensor<5x20x12xbf16> -> tensor<?x20xf32>
  %iw = moelora.identity_weight %ids, %w from 5 to 7
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %r = moelora.combine %y by %plan, %w
    identity(%lx, %iw : tensor<?x20xbf16>, tensor<?x1xf32>)
    {routed_scale = 5.0 : f32}
    : tensor<?x20xf32>, !plan, tensor<?x2xf32> -> tensor<?x20xbf16>
  %sh = moelora.expert_gemm gather %x by %one, %s1
    : tensor<?x36xbf16>, !one, tensor<1x1x12x36xbf16> -> tensor<?x1x12xf32>
  %sa = moelora.activation %sh {function = #moelora.act<relu2>}
    : tensor<?x1x12xf32> -> tensor<?x12xbf16>
  %shared = moelora.expert_gemm %sa by %one, %s2
    : tensor<?x12xbf16>, !one, tensor<1x36x12xbf16> -> tensor<?x36xf32>
  %lo = moelora.expert_gemm gather %r by %one, %wo
    bias(%bo : tensor<1x36xf32>)
    : tensor<?x20xbf16>, !one, tensor<1x36x20xbf16> -> tensor<?x36xf32>
  %lod = moelora.lora_delta gather %r by %one, %to into %lo
    : tensor<?x20xbf16>, !one, !out, tensor<?x36xf32>
  %o = moelora.combine %lod by %one shared(%shared : tensor<?x36xf32>)
    {shared_scale = 0.5 : f32} : tensor<?x36xf32>, !one -> tensor<?x36xbf16>
  moelora.yield %o : tensor<?x36xbf16>
}
