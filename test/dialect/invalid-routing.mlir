// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @resolve_slots_c1(%ids: tensor<?xi32>,
    %a: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>,
    %b: !moelora.slot_table<5 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>) {
  // expected-error @below {{'moelora.resolve_slots' op expects the first table and another to agree on slots, but the first table has 4 and another has 5}}
  %slot = moelora.resolve_slots %ids in %a, %b : tensor<?xi32>,
    !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>,
    !moelora.slot_table<5 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
  return
}

// -----

func.func @resolve_slots_c1_max_rank(%ids: tensor<?xi32>,
    %a: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>,
    %b: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 64, bf16>) {
  // expected-error @below {{'moelora.resolve_slots' op expects the first table and another to agree on max_rank, but the first table has 16 and another has 64}}
  %slot = moelora.resolve_slots %ids in %a, %b : tensor<?xi32>,
    !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>,
    !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 64, bf16>
  return
}

// -----

func.func @resolve_slots_c1_page_order(%ids: tensor<?xi32>,
    %a: !moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 16, bf16>,
    %b: !moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 16, bf16, fragment_major>) {
  // expected-error @below {{'moelora.resolve_slots' op expects the first table and another to agree on the page order, but the first table has row_major and another has fragment_major}}
  %slot = moelora.resolve_slots %ids in %a, %b : tensor<?xi32>,
    !moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 16, bf16>,
    !moelora.slot_table<4 slots, 8 experts, 1 x 4 x 4, max_rank = 16, bf16, fragment_major>
  return
}

// -----

func.func @resolve_slots_c2(%ids: tensor<?xi32>) {
  // expected-error @below {{'moelora.resolve_slots' op expects a table, but there is none}}
  %slot = "moelora.resolve_slots"(%ids) : (tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @route_c1(%logits: tensor<?x4xf32>) {
  // expected-error @below {{'moelora.route' op expects top_k to be at most the experts, but top_k is 5 and there are 4 experts}}
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 5, score = softmax>}
    : tensor<?x4xf32> -> tensor<?x5xi32>, tensor<?x5xf32>
  return
}

// -----

func.func @route_c2_ids(%logits: tensor<?x4xf32>) {
  // expected-error @below {{'moelora.route' op expects router and ids to agree on top_k, but router has 2 and ids has 3}}
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x4xf32> -> tensor<?x3xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c2_weights(%logits: tensor<?x4xf32>) {
  // expected-error @below {{'moelora.route' op expects router and weights to agree on top_k, but router has 2 and weights has 1}}
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x4xf32> -> tensor<?x2xi32>, tensor<?x1xf32>
  return
}

// -----

func.func @route_c3(%logits: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.route' op expects groups to divide the experts, but there are 3 groups and 8 experts}}
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax, groups = 3>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c4_without(%logits: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.route' op expects a bias exactly if bias_on is not none and there is no table, but bias_on is score and there is no bias}}
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = score>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c4_unasked(%logits: tensor<?x8xf32>, %b: tensor<8xf32>) {
  // expected-error @below {{'moelora.route' op expects a bias exactly if bias_on is not none and there is no table, but bias_on is none and there is a bias}}
  %ids, %w = moelora.route %logits bias(%b : tensor<8xf32>)
    {router = #moelora.router<top_k = 2, score = sigmoid>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c4_size(%logits: tensor<?x8xf32>, %b: tensor<7xf32>) {
  // expected-error @below {{'moelora.route' op expects logits and bias to agree on the experts that can be chosen, but logits has 8 and bias has 7}}
  %ids, %w = moelora.route %logits bias(%b : tensor<7xf32>)
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = logit>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c3_always(%logits: tensor<?x8xf32>) {
  // expected-error @below {{'moelora.route' op expects groups to divide the experts, but there are 4 groups and 7 experts}}
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax, groups = 4,
                              always = 1>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c4_always(%logits: tensor<?x8xf32>, %b: tensor<8xf32>) {
  // expected-error @below {{'moelora.route' op expects logits and bias to agree on the experts that can be chosen, but logits has 7 and bias has 8}}
  %ids, %w = moelora.route %logits bias(%b : tensor<8xf32>)
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = score,
                              always = 1>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// -----

func.func @route_c4_table(%logits: tensor<?x8xf32>, %b: tensor<8xf32>,
                          %table: tensor<100x2xi32>, %tokens: tensor<?xi32>) {
  // expected-error @below {{'moelora.route' op expects a bias exactly if bias_on is not none and there is no table, but bias_on is score and there is a bias}}
  %ids, %w = moelora.route %logits bias(%b : tensor<8xf32>)
    table(%table at %tokens : tensor<100x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = score>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}
