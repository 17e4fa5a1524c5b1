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

RouterRows routerRows(const Token &token) {
  const moelora_layer &layer = token.problem.layer;
  const Rounding &rounding = token.problem.rounding;
  Vector x = layer.router_input ? token.row(MOELORA_ROUTER_HIDDEN, layer.hidden)
                                : token.hidden;
  if (!layer.router_norm.present)
    return {x, x};
  Vector n =
      rmsNorm(layer.router_norm, x, token.vector(MOELORA_ROUTER_NORM_WEIGHT));
  RouterRows rows = {n, n};
  bool wide = layer.router_dtype == MOELORA_F32;
  for (double &v : rows.base)
    v = wide ? rounding.accumulator(v) : rounding.value(v);
  for (double &v : rows.delta)
    v = rounding.value(v);
  return rows;
}

Vector logitsOf(const Token &token) {
  const Problem &problem = token.problem;
  if (problem.entry == Entry::FromLogits)
    return token.row(MOELORA_ROUTER_LOGITS, problem.layer.router.experts);
  RouterRows rows = routerRows(token);
  Vector base = expertGemm(token.weight(routerLinear.weight), rows.base,
                           token.vector(routerLinear.bias), problem.rounding);
  return loraDelta(std::move(base), token.pair(routerLinear.pair), rows.delta,
                   problem.rounding);
}

Routed routeLogits(const Token &token, const Vector &logits) {
  const Problem &problem = token.problem;
  const moelora_router &router = problem.layer.router;
  RouterOperands operands = {token.vector(MOELORA_SELECTION_BIAS),
                             token.vector(MOELORA_EXPERT_SCALE),
                             {}};
  if (router.table_rows)
    operands.table =
        tableRow(router, problem.tokenTable, problem.tokenIds[token.index]);
  return route(router, logits, operands, problem.rounding);
}

Vector weightsOf(const Token &token, moelora_router router,
                 const Vector &logits, const std::vector<int32_t> &ids) {
  router.table_rows = 1; // the pair of the row
  return route(router, logits, {{}, token.vector(MOELORA_EXPERT_SCALE), ids},
               token.problem.rounding)
      .weights;
}

Vector expertInput(const Token &token) {
  if (!token.problem.layer.latent)
    return token.hidden;
  Vector row = token.apply(latentIn, token.hidden);
  for (double &v : row)
    v = token.problem.rounding.value(v);
  return row;
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

/// The rows of the shared expert, by rank along tp; none without one.
std::vector<Vector> sharedRows(const Token &token) {
  const moelora_layer &layer = token.problem.layer;
  return layer.shared ? mlpRows(token, sharedMlp(layer), 0, {token.hidden})
                      : std::vector<Vector>();
}

/// A row of the shared expert, times its factor.
Vector scaledShared(const Token &token, Vector row) {
  double factor = row.empty() ? 0 : sharedFactor(token);
  for (double &v : row)
    v = token.problem.rounding.accumulator(factor * v);
  return row;
}

Vector identityRow(const Token &token, const Routed &routed, Vector input) {
  const moelora_layer &layer = token.problem.layer;
  if (!layer.zero_experts || layer.zero_kind != MOELORA_ZERO_IDENTITY)
    return {};
  double weight = identityWeight(routed, weightedExperts(layer),
                                 layer.router.experts, token.problem.rounding);
  for (double &v : input)
    v *= weight;
  return input;
}

/// The ep coordinate of the rank that has an expert.
int32_t rankOf(const Token &token, int32_t expert) {
  const Ranks &ranks = token.problem.ranks;
  int64_t experts = weightedExperts(token.problem.layer);
  if (ranks.ep == 1 || !isComputed(token.problem.layer, expert))
    return 0;
  int64_t copies = int64_t(ranks.experts.size()) / experts;
  return ranks.experts[size_t(token.index % copies * experts + expert)];
}

/// The terms of the sums of all ranks.
struct RankTerms {
  std::vector<int32_t> ep;               // of each choice
  std::vector<std::vector<Vector>> rows; // by choice and tp coordinate
  Vector identity;
  double routedScale = 1;
  std::vector<Vector> shared; // by tp coordinate, of one rank along ep

  /// Those of one rank, without identity rows, which `finish` adds.
  Terms of(int32_t epOfRank, int32_t tp) const {
    Terms terms;
    for (size_t j = 0; j < rows.size(); ++j)
      terms.rows.push_back(rows[j].empty() || ep[j] != epOfRank ? Vector()
                                                                : rows[j][tp]);
    terms.routedScale = routedScale;
    if (epOfRank == 0 && !shared.empty())
      terms.shared = shared[tp];
    return terms;
  }
};

/// The weighted sum of the routed experts, before latent_out and the rest.
RankTerms routedTerms(const Token &token, const Routed &routed) {
  const moelora_layer &layer = token.problem.layer;
  Vector input = expertInput(token);
  RankTerms terms;
  for (size_t j = 0; j < routed.ids.size(); ++j) {
    double weight = layer.weight_on_input ? routed.weights[j] : 1;
    terms.ep.push_back(rankOf(token, routed.ids[j]));
    terms.rows.push_back(
        isComputed(layer, routed.ids[j])
            ? mlpRows(token, routedMlp(layer), routed.ids[j], {input, weight})
            : std::vector<Vector>());
  }
  terms.identity = identityRow(token, routed, input);
  terms.routedScale = layer.routed_scale;
  return terms;
}

/// combine; in a group, one on each rank, whose sums are reduced and finished.
Vector combineRanks(const Token &token, const RankTerms &terms,
                    const Routed &weights, int64_t width) {
  const Ranks &ranks = token.problem.ranks;
  const Rounding &rounding = token.problem.rounding;
  if (ranks.count() == 1) {
    Terms all = terms.of(0, 0);
    all.identity = terms.identity;
    return combine(all, weights, width, rounding);
  }
  std::vector<Vector> partial;
  for (int32_t ep = 0; ep < ranks.ep; ++ep)
    for (int32_t tp = 0; tp < ranks.tp; ++tp)
      partial.push_back(
          combine(terms.of(ep, tp), weights, width, rounding.ofPartialSums()));
  return finish(reduce(partial, rounding), terms.identity, terms.routedScale,
                rounding);
}

/// Weights on the input are not applied again.
Routed outputWeights(const Token &token, Routed routed) {
  if (token.problem.layer.weight_on_input)
    routed.weights.assign(routed.ids.size(), 1);
  return routed;
}

Vector outputOf(const Token &token, const Routed &routed) {
  const moelora_layer &layer = token.problem.layer;
  Vector out = sumRow(token, routed);
  if (!layer.output_norm.present)
    return out;
  out =
      rmsNorm(layer.output_norm, out, token.vector(MOELORA_OUTPUT_NORM_WEIGHT));
  for (double &v : out)
    v = token.problem.rounding.value(v);
  return out;
}

/// Calls body(i) for every i below count, distributed to the threads in turn.
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

Vector logitsOfToken(const Problem &problem, int64_t token) {
  return logitsOf(Token(problem, token));
}

Routed routeToken(const Problem &problem, int64_t token) {
  return routeOf(Token(problem, token));
}

Vector routedSum(const Token &token, const Routed &routed) {
  return combineRanks(token, routedTerms(token, routed),
                      outputWeights(token, routed),
                      expertWidth(token.problem.layer));
}

/// Behind a latent projection, the sum of the shared expert has another width,
/// and is reduced on its own.
static Vector sumBehindLatent(const Token &token, const Routed &routed) {
  const Rounding &rounding = token.problem.rounding;
  Terms terms;
  terms.rows = {token.apply(latentOut, routedSum(token, routed))};
  std::vector<Vector> shared = sharedRows(token);
  if (!shared.empty())
    terms.shared = scaledShared(token, reduce(shared, rounding));
  return combine(terms, {{0}, {1}}, token.problem.layer.hidden, rounding);
}

Vector sumRow(const Token &token, const Routed &routed) {
  const moelora_layer &layer = token.problem.layer;
  if (layer.latent)
    return sumBehindLatent(token, routed);
  RankTerms terms = routedTerms(token, routed);
  for (Vector &row : sharedRows(token))
    terms.shared.push_back(scaledShared(token, std::move(row)));
  return combineRanks(token, terms, outputWeights(token, routed), layer.hidden);
}

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
