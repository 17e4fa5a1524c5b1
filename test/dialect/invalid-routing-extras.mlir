// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @route_c5(%logits: tensor<?x8xf32>, %s: tensor<6xf32>) {
  // expected-error @below {{'moelora.route' op expects logits and scale to agree on experts, but logits has 8 and scale has 6}}
  %ids, %w = moelora.route %logits scale(%s : tensor<6xf32>)
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c6_together(%logits: tensor<?x8xf32>,
                             %table: tensor<100x2xi32>) {
  // expected-error @below {{'moelora.route' op expects a table and token ids to come together}}
  %ids, %w = "moelora.route"(%logits, %table)
    {router = #moelora.router<top_k = 2, score = softmax>,
     operandSegmentSizes = array<i32: 1, 0, 0, 1, 0>}
    : (tensor<?x8xf32>, tensor<100x2xi32>)
    -> (tensor<?x2xi32>, tensor<?x2xf32>)
  return
}

// -----

func.func @route_c6_top_k(%logits: tensor<?x8xf32>, %table: tensor<100x3xi32>,
                          %tokens: tensor<?xi32>) {
  // expected-error @below {{'moelora.route' op expects router and table to agree on top_k, but router has 2 and table has 3}}
  %ids, %w = moelora.route %logits
    table(%table at %tokens : tensor<100x3xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c6_always(%logits: tensor<?x8xf32>, %table: tensor<100x2xi32>,
                           %tokens: tensor<?xi32>) {
  // expected-error @below {{'moelora.route' op expects no always chosen experts beside a table, but always is 1}}
  %ids, %w = moelora.route %logits
    table(%table at %tokens : tensor<100x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = softmax, always = 1>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @identity_weight_c1(%ids: tensor<?x2xi32>, %w: tensor<?x3xf32>) {
  // expected-error @below {{'moelora.identity_weight' op expects ids and weights to agree on top_k, but ids has 2 and weights has 3}}
  %iw = moelora.identity_weight %ids, %w from 8 to 12
    : tensor<?x2xi32>, tensor<?x3xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @identity_weight_c2_empty(%ids: tensor<?x2xi32>,
                                    %w: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.identity_weight' op expects 0 <= first < end <= 1048576, but first is 8 and end is 8}}
  %iw = moelora.identity_weight %ids, %w from 8 to 8
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @identity_weight_c2_negative(%ids: tensor<?x2xi32>,
                                       %w: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.identity_weight' op expects 0 <= first < end <= 1048576, but first is -1 and end is 8}}
  %iw = moelora.identity_weight %ids, %w from -1 to 8
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @identity_weight_c2_huge(%ids: tensor<?x2xi32>, %w: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.identity_weight' op expects 0 <= first < end <= 1048576, but first is 8 and end is 4294967304}}
  %iw = moelora.identity_weight %ids, %w from 8 to 4294967304
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  return
}

// -----

func.func @identity_weight_c3(%ids: tensor<?x2xi32>, %w: tensor<?x2xf32>) {
  // expected-error @below {{'moelora.identity_weight' op expects the result to have shape ?x1, but the shape is ?x2}}
  %iw = moelora.identity_weight %ids, %w from 8 to 12
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x2xf32>
  return
}
