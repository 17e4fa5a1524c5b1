// RUN: moelora-opt %s --moelora-verify-level=level=routed \
// RUN:   --split-input-file --verify-diagnostics -o /dev/null
// RUN: moelora-opt %S/fuse-epilogue.mlir --moelora-fuse-epilogue \
// RUN:   --moelora-verify-level=level=fused -o /dev/null
// RUN: not moelora-opt %S/fuse-epilogue.mlir --moelora-verify-level \
// RUN:   --mlir-pass-pipeline-crash-reproducer=%t.reproducer.mlir 2>&1 \
// RUN:   | FileCheck %s
// CHECK: error: 'moelora.activation' op expects the layer to have ops of the fused level, but this one is of the routed level

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @routed(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x4xf32> {moelora.role = #moelora.role<router_logits>},
    %w: tensor<4x8x8xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xf32> {
  %ids, %v = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x4xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w
    : tensor<?x8xf32>, !plan, tensor<4x8x8xf32> -> tensor<?x8xf32>
  %o = moelora.combine %y by %plan, %v
    : tensor<?x8xf32>, !plan, tensor<?x2xf32> -> tensor<?x8xf32>
  moelora.yield %o : tensor<?x8xf32>
}

// -----

moelora.layer @fused(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.plan' op expects the layer to have ops of the routed level, but this one is of the fused level}}
  %plan = moelora.plan %ids : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

moelora.layer @foreign(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'arith.addf' op expects the layer to have ops of the routed level, but this one is of no level}}
  %y = arith.addf %x, %x : tensor<?x8xf32>
  moelora.yield %y : tensor<?x8xf32>
}
