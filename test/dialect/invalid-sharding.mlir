// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// What ranks do together.

// expected-error @below {{expects axes in the order dp, ep, tp, each at most once, and at least one}}
#axes_c1_order = #moelora.axes<tp, ep>

// -----

// expected-error @below {{expects axes in the order dp, ep, tp, each at most once, and at least one}}
#axes_c1_twice = #moelora.axes<tp, tp>

// -----

// expected-error @below {{expects dp to be in [1, 1048576], but it is 0}}
#grid_c1 = #moelora.grid<dp = 0, ep = 1, tp = 1>

// -----

// expected-error @below {{expects dp * ep * tp to be in [1, 1048576], but it is 2097152}}
#grid_c1_product = #moelora.grid<dp = 1024, ep = 2048, tp = 1>

// -----

// expected-error @below {{expects dp * ep * tp to be in [1, 1048576], but it is 1152921504606846976}}
#grid_c1_overflow = #moelora.grid<dp = 1048576, ep = 1048576, tp = 1048576>

// -----

func.func @reduce_c1(%p: tensor<?x2x8xf32>) {
  // expected-error @below {{'moelora.reduce' op expects rows of rank 2, but they are 'tensor<?x2x8xf32>'}}
  %s = moelora.reduce %p over <tp> : tensor<?x2x8xf32>
  return
}

// -----

func.func @reduce_c2(%p: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.reduce' op expects ranks with the same tokens, but those along dp have others}}
  %s = moelora.reduce %p over <dp, tp> : tensor<?x8xf32>
  return
}

// -----

func.func @finish_c1(%s: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.finish' op expects the sum to have shape ?x4, but the shape is ?x8}}
  %o = moelora.finish %s : tensor<?x8xf32> -> tensor<?x4xbf16>
  return
}

// -----

func.func @finish_c2(%s: tensor<?x8xf32>, %x: tensor<?x8xf16>, %iw: tensor<?x1xf32>) {
  // expected-error @below {{'moelora.finish' op expects identity rows of the result's type}}
  %o = moelora.finish %s identity(%x, %iw : tensor<?x8xf16>, tensor<?x1xf32>)
    : tensor<?x8xf32> -> tensor<?x8xbf16>
  return
}

// -----

moelora.layer @layer_c12(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.reduce' op expects its layer to have a grid of ranks, but it has none}}
  %s = moelora.reduce %x over <tp> : tensor<?x8xf32>
  moelora.yield %s : tensor<?x8xf32>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

func.func @expert_gemm_c6(%a: tensor<?x8xbf16>, %plan: !plan, %w2: tensor<4x8x8xbf16>) {
  // expected-error @below {{'moelora.expert_gemm' op expects a bias that is added once, but there is none}}
  %y = moelora.expert_gemm %a by %plan, %w2 once
    : tensor<?x8xbf16>, !plan, tensor<4x8x8xbf16> -> tensor<?x8xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

func.func @grouped_matmul_c11(%a: tensor<?x8xbf16>, %plan: !plan, %w2: tensor<4x8x8xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects a bias that is added once, but there is none}}
  %y = moelora.grouped_matmul %a by %plan, %w2 once
    : tensor<?x8xbf16>, !plan, tensor<4x8x8xbf16> -> tensor<?x8xf32>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @layer_c12_once(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x8x8xbf16> {moelora.role = #moelora.role<down_weight>},
    %b2: tensor<4x8xf32> {moelora.role = #moelora.role<down_bias>})
    -> tensor<?x8xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  // expected-error @below {{'moelora.expert_gemm' op expects its layer to have a grid of ranks, but it has none}}
  %y = moelora.expert_gemm gather %x by %plan, %w2 bias(%b2 : tensor<4x8xf32>) once
    : tensor<?x8xbf16>, !plan, tensor<4x8x8xbf16> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xbf16>
}

// -----

// expected-error @below {{expects axes besides dp that cut the tokens, because dp always does}}
#grid_c2 = #moelora.grid<dp = 2, ep = 2, tp = 1, tokens = <dp, ep>>

// -----

func.func @reduce_c3(%p: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.reduce' op expects the axes of keep to be among those of the sum, but ep is not}}
  %s = moelora.reduce %p over <tp> keep <ep> : tensor<?x8xf32>
  return
}

// -----

func.func @all_gather_c1() {
  // expected-error @below {{'moelora.all_gather' op expects an input, but there is none}}
  "moelora.all_gather"() {axes = #moelora.axes<ep>} : () -> ()
  return
}

// -----

func.func @all_gather_c2(%x: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.all_gather' op expects axes without dp, because ranks along dp exchange nothing}}
  %all = moelora.all_gather %x over <dp> : tensor<?x8xf32>
  return
}

// -----

func.func @own_c1(%x: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.own' op expects axes without dp, because ranks along dp exchange nothing}}
  %own = moelora.own %x over <dp> : tensor<?x8xf32>
  return
}

// -----

func.func @dispatch_c5(%map: tensor<1x8xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects a map of experts only with ids}}
  %plan = moelora.dispatch map(%map : tensor<1x8xi32>)
    -> !moelora.plan<1 experts, 0 slots, top_k = 1>
  return
}

// -----

func.func @dispatch_c6(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects axes over which rows are gathered only without ids and slots, whose rows it has}}
  %plan = moelora.dispatch %ids over <tp> : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @plan_c6(%map: tensor<1x8xi32>) {
  // expected-error @below {{'moelora.plan' op expects a map of experts only with ids}}
  %plan = moelora.plan map(%map : tensor<1x8xi32>)
    -> !moelora.plan<1 experts, 0 slots, top_k = 1>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

func.func @combine_c6(%y: tensor<?x8xf32>, %plan: !plan, %sh: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.combine' op expects own or shared_once, but it has both}}
  %o = moelora.combine %y by %plan shared(%sh own <ep> once : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan -> tensor<?x8xbf16>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

func.func @grouped_matmul_c12(%a: tensor<?x8xbf16>, %plan: !plan, %w2: tensor<4x8x8xbf16>) {
  // expected-error @below {{'moelora.grouped_matmul' op expects own and shared_once only with shared rows}}
  %y = moelora.grouped_matmul %a by %plan, %w2 sum {own = #moelora.axes<ep>}
    : tensor<?x8xbf16>, !plan, tensor<4x8x8xbf16> -> tensor<?x8xbf16>
  return
}
