// What only some routers, experts and outputs have: routed and fused programs
// mean the same, whatever is given.
// RUN: moelora-opt %s --moelora-fuse-lora --moelora-fuse-epilogue > %t.mlir
// RUN: FileCheck %s --check-prefix=FUSED < %t.mlir
// FUSED: moelora.grouped_matmul {{.*}} weighted(
// FUSED: moelora.grouped_matmul {{.*}} sum identity(
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=40 | FileCheck %s
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=40 --seed=2 | FileCheck %s
// RUN: moelora-interpret %s --compare=%t.mlir --tokens=0 | FileCheck %s
// CHECK: @routed: worst error / bound {{0|[1-9]\.?[0-9]*e-}}

// Each of these counts.
// RUN: sed -e 's/epsilon = 1.0e-05/epsilon = 1.0e-01/' %s > %t.epsilon.mlir
// RUN: not moelora-interpret %s --compare=%t.epsilon.mlir --tokens=40
// RUN: sed -e 's/from 4 to 6/from 5 to 6/' %s > %t.identity.mlir
// RUN: not moelora-interpret %s --compare=%t.identity.mlir --tokens=40
// RUN: sed -e 's/ scale(%es : tensor<6xf32>)//' %s > %t.scale.mlir
// RUN: not moelora-interpret %s --compare=%t.scale.mlir --tokens=40
!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @routed(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %t: tensor<?xi32> {moelora.role = #moelora.role<token_ids>},
    %l: tensor<?x6xf32> {moelora.role = #moelora.role<router_logits>},
    %w13: tensor<4x2x4x8xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x8x4xbf16> {moelora.role = #moelora.role<down_weight>},
    %table: tensor<9x2xi32> {moelora.role = #moelora.role<token_table>},
    %es: tensor<6xf32> {moelora.role = #moelora.role<expert_scale>},
    %n: tensor<8xf32> {moelora.role = #moelora.role<output_norm_weight>})
    -> tensor<?x8xbf16> {
  %ids, %w = moelora.route %l scale(%es : tensor<6xf32>)
    table(%table at %t : tensor<9x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = sqrtsoftplus>}
    : tensor<?x6xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %iw = moelora.identity_weight %ids, %w from 4 to 6
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %p = moelora.dispatch %ids {zero_experts = 2} : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %p, %w13
    : tensor<?x8xbf16>, !plan, tensor<4x2x4x8xbf16> -> tensor<?x2x4xf32>
  %a = moelora.activation %h weighted(%w by %p : tensor<?x2xf32>, !plan)
    {function = #moelora.act<silu, gated, gate_cap = 0.5, up_cap = 0.75>}
    : tensor<?x2x4xf32> -> tensor<?x4xbf16>
  %y = moelora.expert_gemm %a by %p, %w2
    : tensor<?x4xbf16>, !plan, tensor<4x8x4xbf16> -> tensor<?x8xf32>
  %o = moelora.combine %y by %p
    identity(%x, %iw : tensor<?x8xbf16>, tensor<?x1xf32>)
    : tensor<?x8xf32>, !plan -> tensor<?x8xbf16>
  %r = moelora.rms_norm %o weight(%n : tensor<8xf32>) {epsilon = 1.0e-05 : f32}
    : tensor<?x8xbf16> -> tensor<?x8xbf16>
  moelora.yield %r : tensor<?x8xbf16>
}
