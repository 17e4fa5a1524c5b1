// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops in order, token by token.

#include "Mlp.h"

#include "moelora/reference/Bound.h"

#include <algorithm>
#include <numeric>
#include <thread>

namespace moelora::reference {

Vector logitsOf(const Token &token) {
  const Problem &problem = token.problem;
  int64_t experts = problem.layer.router.experts;
  if (problem.entry == Entry::FromLogits)
    return token.row(MOELORA_ROUTER_LOGITS, experts);
  Vector x = token.routerHidden();
  Vector base =
      expertGemm(token.weight(MOELORA_ROUTER_WEIGHT, 0), x,
                 token.bias(MOELORA_ROUTER_BIAS, 0, experts), problem.rounding);
  return loraDelta(std::move(base), token.pair(MOELORA_ROUTER, 0), x,
                   problem.rounding);
}

Routed routeLogits(const Token &token, const Vector &logits) {
  const Problem &problem = token.problem;
  const moelora_router &router = problem.layer.router;
  Vector bias = token.bias(MOELORA_SELECTION_BIAS, 0, router.experts);
  return route(router, logits, bias, {}, problem.rounding);
}

namespace {

Routed routeOf(const Token &token) {
  const Problem &problem = token.problem;
  if (problem.entry != Entry::FromIds)
    return routeLogits(token, logitsOf(token));
  int32_t k = problem.layer.router.top_k;
  const int32_t *ids = problem.expertIds + token.index * k;
  return {{ids, ids + k}, token.row(MOELORA_EXPERT_WEIGHTS, k)};
}

Vector sharedRow(const Token &token) {
  const moelora_layer &layer = token.problem.layer;
  if (!layer.shared)
    return {};
  Vector row = mlpRow(token, sharedMlp(layer), 0);
  double score = sharedScore(token);
  for (double &v : row)
    v = token.problem.rounding.accumulator(score * v);
  return row;
}

Vector outputOf(const Token &token, const Routed &routed) {
  const moelora_layer &layer = token.problem.layer;
  std::vector<Vector> rows;
  for (int32_t e : routed.ids)
    rows.push_back(isDropped(layer, e) ? Vector()
                                       : mlpRow(token, routedMlp(layer), e));
  return combine(rows, routed, layer.routed_scale, sharedRow(token),
                 layer.hidden, token.problem.rounding);
}

/// Calls body(i) for every i below count, dealt out to the threads in turn.
template <typename Body>
void forEach(size_t count, int threads, const Body &body) {
  size_t workers = std::min<size_t>(std::max(threads, 1), count);
  std::vector<std::thread> team;
  for (size_t w = 0; w < workers; ++w)
    team.emplace_back([=, &body] {
      for (size_t i = w; i < count; i += workers)
        body(i);
    });
  for (std::thread &thread : team)
    thread.join();
}

} // namespace

Output evaluate(const Problem &problem, const std::vector<int64_t> &tokens,
                bool withBounds, int threads) {
  Output output;
  size_t width = size_t(problem.layer.hidden);
  output.width = problem.layer.hidden;
  output.routed.resize(tokens.size());
  output.rows.resize(tokens.size() * width);
  output.bounds.resize(withBounds ? output.rows.size() : 0);
  output.decided.resize(withBounds ? tokens.size() : 0);
  forEach(tokens.size(), threads, [&](size_t i) {
    Token token(problem, tokens[i]);
    Routed &routed = output.routed[i] = routeOf(token);
    Vector row = outputOf(token, routed);
    std::copy(row.begin(), row.end(), output.rows.begin() + i * width);
    if (!withBounds)
      return;
    Tolerance t = toleranceOf(problem, tokens[i], routed, row);
    output.decided[i] = t.decided;
    std::copy(t.bound.begin(), t.bound.end(),
              output.bounds.begin() + i * width);
  });
  return output;
}

Output evaluate(const Problem &problem, bool withBounds, int threads) {
  std::vector<int64_t> all(problem.tokens);
  std::iota(all.begin(), all.end(), 0);
  return evaluate(problem, all, withBounds, threads);
}

} // namespace moelora::reference
