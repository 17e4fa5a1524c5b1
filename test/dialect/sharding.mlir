// RUN: moelora-opt %s --verify-roundtrip | FileCheck %s
// What ranks do together.

// CHECK: moelora.layer @ranks
// CHECK-SAME: attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 4>}
moelora.layer @ranks(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16>
    attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 4>} {
  %plan = moelora.dispatch %ids : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !moelora.plan<4 experts, 0 slots, top_k = 2>,
      tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %p = moelora.combine %y by %plan
    : tensor<?x64xf32>, !moelora.plan<4 experts, 0 slots, top_k = 2>
      -> tensor<?x64xf32>
  // CHECK: %[[S:.*]] = moelora.reduce %{{.*}} over <tp> : tensor<?x64xf32>
  %s = moelora.reduce %p over <tp> : tensor<?x64xf32>
  // Nothing reads it, but every rank takes part.
  // CHECK: moelora.reduce %{{.*}} over <ep, tp> : tensor<?x64xf32>
  %unused = moelora.reduce %p over <ep, tp> : tensor<?x64xf32>
  // CHECK: moelora.finish %[[S]] : tensor<?x64xf32> -> tensor<?x64xbf16>
  %o = moelora.finish %s : tensor<?x64xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// The part of a host program has a map of its experts, and no grid.
// CHECK-LABEL: moelora.layer @part
moelora.layer @part(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xf32> {moelora.role = #moelora.role<down_weight>},
    %map: tensor<1x8xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x64xf32> {
  // CHECK: dispatch %{{.*}} map(%{{.*}} : tensor<1x8xi32>)
  %plan = moelora.dispatch %ids map(%map : tensor<1x8xi32>)
    : tensor<?x2xi32> -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xf32>, !moelora.plan<4 experts, 0 slots, top_k = 2>,
      tensor<4x64x64xf32> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan
    : tensor<?x64xf32>, !moelora.plan<4 experts, 0 slots, top_k = 2>
      -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @different_tokens
func.func @different_tokens(
    %x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>, %w: tensor<?x2xf32>,
    %slots: tensor<?xi32>, %p: tensor<?x64xf32>, %map: tensor<2x8xi32>,
    %sh: tensor<?x64xf32>) {
  // CHECK: moelora.all_gather %{{.*}}, %{{.*}}, %{{.*}} over <ep> :
  // CHECK-SAME: tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>
  %xg, %ig, %wg = moelora.all_gather %x, %ids, %w over <ep>
    : tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>
  %slotg = moelora.all_gather %slots over <ep> : tensor<?xi32>
  // CHECK: moelora.own %{{.*}} over <ep> : tensor<?xi32>
  %slot = moelora.own %slotg over <ep> : tensor<?xi32>
  // CHECK: moelora.dispatch %{{.*}} map(%{{.*}} : tensor<2x8xi32>) : tensor<?x2xi32>
  %plan = moelora.dispatch %ig map(%map : tensor<2x8xi32>)
    : tensor<?x2xi32> -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  // CHECK: moelora.plan over <tp> -> <1 experts
  %one = moelora.plan over <tp> -> !moelora.plan<1 experts, 0 slots, top_k = 1>
  // CHECK: shared(%{{.*}} own <ep> : tensor<?x64xf32>)
  %own = moelora.combine %p by %one shared(%sh own <ep> : tensor<?x64xf32>)
    : tensor<?x64xf32>, !moelora.plan<1 experts, 0 slots, top_k = 1>
      -> tensor<?x64xf32>
  // CHECK: shared(%{{.*}} once : tensor<?x64xf32>)
  %once = moelora.combine %p by %one shared(%sh once : tensor<?x64xf32>)
    : tensor<?x64xf32>, !moelora.plan<1 experts, 0 slots, top_k = 1>
      -> tensor<?x64xf32>
  // CHECK: moelora.reduce %{{.*}} over <ep, tp> keep <ep> : tensor<?x64xf32>
  %s = moelora.reduce %p over <ep, tp> keep <ep> : tensor<?x64xf32>
  return
}
// RUN: moelora-opt %s --cse --canonicalize | FileCheck %s --check-prefix=KEPT
// KEPT-COUNT-2: moelora.reduce
// KEPT-COUNT-2: moelora.all_gather
