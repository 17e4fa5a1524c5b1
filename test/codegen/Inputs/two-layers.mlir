!plan = !moelora.plan<2 experts, 0 slots, top_k = 1>

moelora.layer @first(
    %x: tensor<?x16xf32> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x2xf32> {moelora.role = #moelora.role<router_logits>},
    %w2: tensor<2x16x16xf32> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x16xf32> {
  %e, %w = moelora.route %l
    {router = #moelora.router<top_k = 1, score = softmax>}
    : tensor<?x2xf32> -> tensor<?x1xi32>, tensor<?x1xf32>
  %plan = moelora.plan %e : tensor<?x1xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x1xf32>)
    : tensor<?x16xf32>, !plan, tensor<2x16x16xf32> -> tensor<?x16xf32>
  moelora.yield %o : tensor<?x16xf32>
}
