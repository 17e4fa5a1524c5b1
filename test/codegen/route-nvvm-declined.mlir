// RUN: moelora-opt %s --split-input-file --verify-diagnostics --convert-moelora-to-nvvm=target=sm_80

!plan = !moelora.plan<64 experts, 0 slots, top_k = 33>

moelora.layer @choices(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x64xf32> {moelora.role = #moelora.role<router_logits>},
    %w2: tensor<64x8x8xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xbf16> {
  // expected-error @below {{expects at most 32 choices of a token, but top_k is 33}}
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 33, score = softmax>}
    : tensor<?x64xf32> -> tensor<?x33xi32>, tensor<?x33xf32>
  %plan = moelora.plan %ids : tensor<?x33xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x33xf32>)
    : tensor<?x8xbf16>, !plan, tensor<64x8x8xbf16> -> tensor<?x8xbf16>
  moelora.yield %o : tensor<?x8xbf16>
}

// -----

!plan = !moelora.plan<2049 experts, 0 slots, top_k = 2>

moelora.layer @experts(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x2049xf32> {moelora.role = #moelora.role<router_logits>},
    %w2: tensor<2049x8x8xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xbf16> {
  // expected-error @below {{expects at most 2048 experts, but there are 2049}}
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x2049xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x8xbf16>, !plan, tensor<2049x8x8xbf16> -> tensor<?x8xbf16>
  moelora.yield %o : tensor<?x8xbf16>
}

// -----

!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>

moelora.layer @logits(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %w2: tensor<8x8x8xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xbf16> {
  // expected-error @below {{expects logits of f32, but they are of 'bf16'}}
  %ids, %w = moelora.route %x
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xbf16> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x8xbf16>, !plan, tensor<8x8x8xbf16> -> tensor<?x8xbf16>
  moelora.yield %o : tensor<?x8xbf16>
}
