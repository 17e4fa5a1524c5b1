// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Magnitudes are chosen such that every stage sees numbers around one.

#include "Data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moelora::differential {

using reference::Vector;

Data::Data(const Case &c)
    : c(c), random((c.seed ^ 0x5eed) + (c.set << 32)),
      type(moelora_dtype(c.layer.dtype)),
      bits([this] { return random.next(); }) {
  if (c.exact)
    sizes = reference::exactSizes(c.layer, bits);
  reference.layer = c.layer;
  reference.tokens = c.tokens;
  reference.entry = reference::Entry(c.entry);
  addAdapters();
  addOperands();
  addSlots();
  addExperts();
  addLogits();
  addTable();
}

reference::Output Data::wanted() const {
  if (!c.exact)
    return reference::evaluate(reference, /*withBounds=*/true);
  reference::Problem rounded = reference;
  rounded.rounding = reference::Rounding::rounded(type, type);
  reference::Output output = reference::evaluate(rounded);
  output.bounds.assign(output.rows.size(), 0);
  output.decided.assign(output.routed.size(), 1);
  return output;
}

/// The columns that a sum with this operand runs over; 0: it is no factor.
static int64_t columnsOf(const moelora_layer &layer, moelora_role role) {
  switch (role) {
  case MOELORA_GATE_UP_WEIGHT:
    return layer.latent ? layer.latent : layer.hidden;
  case MOELORA_LATENT_OUT_WEIGHT:
    return layer.latent;
  case MOELORA_ROUTER_WEIGHT:
  case MOELORA_LATENT_IN_WEIGHT:
  case MOELORA_SHARED_GATE_UP_WEIGHT:
  case MOELORA_SHARED_SCORE_WEIGHT:
    return layer.hidden;
  case MOELORA_DOWN_WEIGHT:
    return layer.intermediate;
  case MOELORA_SHARED_DOWN_WEIGHT:
    return layer.shared;
  default:
    return 0;
  }
}

Vector Data::makeRow(int64_t columns, int64_t steps) {
  if (c.exact)
    return reference::exactRow(columns, steps, bits);
  double scale = std::sqrt(3.0 / double(columns));
  Vector row(columns);
  for (double &value : row)
    value = scale * random.real();
  return row;
}

/// An element of what is no weight.
double Data::makeNumber(moelora_role role) {
  if (!c.exact)
    return std::sqrt(3.0) * random.real();
  if (role == MOELORA_EXPERT_WEIGHTS)
    return double(1 + bits() % uint64_t(sizes.choice));
  return role == MOELORA_HIDDEN
             ? sizes.unit * reference::exactNumber(sizes.hidden, bits)
             : reference::exactNumber(sizes.bias, bits);
}

void Data::addOperands() {
  for (int r = 0; r < MOELORA_ROLES; ++r) {
    auto role = moelora_role(r);
    if (!c.has(role))
      continue;
    Shape shape = shapeOf(c.layer, role, c.tokens);
    // One more, so that the address of nothing is not null.
    bytes[role].resize(shape.bytes() + 1);
    if (shape.dtype == MOELORA_I32)
      continue; // each with a function of its own
    int64_t columns = columnsOf(c.layer, role);
    for (int64_t i = 0; i < shape.elements();) {
      Vector row =
          columns ? makeRow(columns, sizes.weight) : Vector{makeNumber(role)};
      for (double value : row)
        reference::store(shape.dtype, bytes[role].data(), i++, value);
    }
    reference.operand[role] = {shape.dtype, bytes[role].data()};
  }
}

/// -1, or an id that names nothing.
static int32_t oddId(Random &random, int32_t count) {
  return random.pick({-1, -1, -2, count, count + 1, 1 << 20, INT32_MIN});
}

void Data::addSlots() {
  dense.assign(c.tokens, -1);
  reference.slots = dense.data();
  auto slots = int32_t(c.options.slots);
  for (int64_t t = 0; slots > 0 && t < c.tokens; ++t) {
    bool odd = random.oneIn(oddities);
    ids.push_back(odd ? oddId(random, slots) : int32_t(random.below(slots)));
    if (!odd && reference.adapters[ids[t]])
      dense[t] = ids[t];
    // A slot that nothing is published in is base, whatever its number says.
    bool named = dense[t] >= 0 || (!odd && random.oneIn(2));
    stepNumbers.push_back(named ? ids[t] : oddId(random, slots));
  }
}

void Data::addExperts() {
  if (!c.has(MOELORA_EXPERT_IDS))
    return;
  int32_t experts = c.layer.router.experts, k = c.layer.router.top_k;
  // In half of the cases few experts have all the tokens.
  int32_t used = random.oneIn(2) ? experts : k;
  auto *ids = reinterpret_cast<int32_t *>(bytes[MOELORA_EXPERT_IDS].data());
  std::vector<int32_t> all(used);
  for (int64_t t = 0; t < c.tokens; ++t) {
    std::iota(all.begin(), all.end(), 0);
    for (int32_t j = 0; j < k; ++j) {
      std::swap(all[j], all[random.between(j, used - 1)]);
      ids[t * k + j] = random.oneIn(oddities) ? oddId(random, experts) : all[j];
    }
  }
  reference.expertIds = ids;
}

void Data::fillRow(moelora_role role, int64_t row, char byte) {
  Shape shape = shapeOf(c.layer, role, c.tokens);
  auto size = ptrdiff_t(shape.dims.back() * moelora_dtype_bytes(shape.dtype));
  std::fill_n(bytes[role].begin() + row * size, size, byte);
}

/// A vocabulary of its own; some ids of tokens and of experts name nothing.
void Data::addTable() {
  if (!c.has(MOELORA_TOKEN_TABLE))
    return;
  const moelora_router &router = c.layer.router;
  auto fill = [&](moelora_role role, int64_t count, int32_t limit) {
    auto *ids = reinterpret_cast<int32_t *>(bytes[role].data());
    for (int64_t i = 0; i < count; ++i)
      ids[i] = random.oneIn(oddities) ? oddId(random, limit)
                                      : int32_t(random.below(limit));
    return ids;
  };
  reference.tokenTable =
      fill(MOELORA_TOKEN_TABLE, int64_t(router.table_rows) * router.top_k,
           router.experts);
  reference.tokenIds = fill(MOELORA_TOKEN_IDS, c.tokens, router.table_rows);
}

/// Logits are given in steps, so that no two are close.
void Data::addLogits() {
  if (!c.has(MOELORA_ROUTER_LOGITS))
    return;
  auto *logits = reinterpret_cast<float *>(bytes[MOELORA_ROUTER_LOGITS].data());
  int32_t experts = c.layer.router.experts;
  std::vector<int32_t> steps(experts);
  for (int64_t t = 0; t < c.tokens; ++t) {
    std::iota(steps.begin(), steps.end(), 0);
    for (int32_t e = 0; e < experts; ++e) {
      std::swap(steps[e], steps[random.between(e, experts - 1)]);
      logits[t * experts + e] =
          float(4.0 * (2 * steps[e] + 1 - experts) / experts);
    }
  }
}

} // namespace moelora::differential
