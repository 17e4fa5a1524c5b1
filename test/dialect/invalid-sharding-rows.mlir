// RUN: moelora-opt %s --split-input-file --verify-diagnostics
// Whose rows ops read, and where experts are.

!plan = !moelora.plan<2 experts, 0 slots, top_k = 2>

// The ids are those of all ranks, the rows those of one.
// expected-note @below {{the gathered input: the argument of role hidden}}
moelora.layer @layer_c13(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<2x8x8xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xbf16> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 1, tokens = <ep>>} {
  %ig = moelora.all_gather %ids over <ep> : tensor<?x2xi32>
  %plan = moelora.dispatch %ig : tensor<?x2xi32> -> !plan
  // expected-error @below {{'moelora.expert_gemm' op expects a row per token, gathered over <ep> as the gathered input, but gets a row per token}}
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x8xbf16>, !plan, tensor<2x8x8xbf16> -> tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xbf16>
}

// -----

// Ranks along tp have the same tokens.
moelora.layer @layer_c13_axis(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 2, tokens = <ep>>} {
  // expected-error @below {{'moelora.all_gather' op expects axes that cut the tokens of its layer, but tp does not}}
  %all = moelora.all_gather %x over <tp> : tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

moelora.layer @layer_c13_twice(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 1, tokens = <ep>>} {
  // expected-note @below {{an input: made here}}
  %all = moelora.all_gather %x over <ep> : tensor<?x8xf32>
  // expected-error @below {{'moelora.all_gather' op expects a row per token as an input, but gets a row per token, gathered over <ep>}}
  %more = moelora.all_gather %all over <ep> : tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// Rows along tp are not adjacent.
moelora.layer @layer_c13_own(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 2, tokens = <ep, tp>>} {
  %all = moelora.all_gather %x over <ep, tp> : tensor<?x8xf32>
  // expected-error @below {{'moelora.own' op expects own rows along all axes over which rows are gathered, or along the first of them, but the rows are gathered over <ep, tp>}}
  %own = moelora.own %all over <tp> : tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

moelora.layer @layer_c13_output(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 1, tokens = <ep>>} {
  // expected-note @below {{the output: made here}}
  %all = moelora.all_gather %x over <ep> : tensor<?x8xf32>
  // expected-error @below {{'moelora.yield' op expects a row per token as the output, but gets a row per token, gathered over <ep>}}
  moelora.yield %all : tensor<?x8xf32>
}

// -----

// expected-error @below {{'moelora.layer' op expects an expert_map to be that of an argument of its type, in a layer with a grid}}
moelora.layer @layer_c14(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %m: tensor<1x4xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x8xf32> attributes {expert_map = dense<[[0, 1, 2, 3]]> : tensor<1x4xi32>} {
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// expected-error @below {{'moelora.layer' op expects a row of expert_map to have each place at most once, and none below -1, but it has 1 twice}}
moelora.layer @layer_c14_twice(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %m: tensor<2x4xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x8xf32> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 1>,
    expert_map = dense<[[0, 1, 2, 3], [0, 1, -1, 1]]> : tensor<2x4xi32>} {
  moelora.yield %x : tensor<?x8xf32>
}

// -----

// expected-error @below {{'moelora.layer' op expects a row of expert_map to have each place at most once, and none below -1, but it has -2}}
moelora.layer @layer_c14_below(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %m: tensor<1x4xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x8xf32> attributes {grid = #moelora.grid<dp = 1, ep = 2, tp = 1>,
    expert_map = dense<[[0, -2, 2, 3]]> : tensor<1x4xi32>} {
  moelora.yield %x : tensor<?x8xf32>
}

// -----

moelora.layer @layer_c12_own(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.all_gather' op expects its layer to have a grid of ranks, but it has none}}
  %all = moelora.all_gather %x over <ep> : tensor<?x8xf32>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

moelora.layer @layer_c12_over(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x8xf32> {
  // expected-error @below {{'moelora.dispatch' op expects its layer to have a grid of ranks, but it has none}}
  %plan = moelora.dispatch over <ep>
    -> !moelora.plan<1 experts, 0 slots, top_k = 1>
  moelora.yield %x : tensor<?x8xf32>
}

// -----

func.func @plan_c7() {
  // expected-error @below {{'moelora.plan' op expects axes without dp}}
  %plan = moelora.plan over <dp> -> !moelora.plan<1 experts, 0 slots, top_k = 1>
  return
}
