// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Inputs.h"

#include <limits>

namespace moelora::kernels {

/// Empty if a run does not read the operand.
template <typename Element>
static std::vector<Element> copyOf(const Data &data, moelora_role role,
                                   int64_t count) {
  auto *begin = static_cast<const Element *>(data.operand(role));
  return begin ? std::vector<Element>(begin, begin + count)
               : std::vector<Element>();
}

static std::vector<int32_t> expertIds(const Case &c, const Data &data) {
  return copyOf<int32_t>(data, MOELORA_EXPERT_IDS,
                         c.tokens * c.layer.router.top_k);
}

std::vector<int32_t> firstChoices(const Case &c, const Data &data) {
  std::vector<int32_t> ids = expertIds(c, data);
  for (size_t i = 0; i < ids.size(); ++i)
    if (i % size_t(c.layer.router.top_k) != 0)
      ids[i] = -1;
  return ids;
}

std::vector<int32_t> validChoices(const Case &c, const Data &data) {
  std::vector<int32_t> ids = expertIds(c, data);
  for (int32_t &id : ids)
    id = (id & INT32_MAX) % c.layer.router.experts;
  return ids;
}

/// Scores are zero where a logit is the opposite of the bias.
std::vector<float> oddLogits(const Case &c, const Data &data) {
  int64_t experts = c.layer.router.experts;
  int64_t eligible = experts - c.layer.router.always;
  auto logits = copyOf<float>(data, MOELORA_ROUTER_LOGITS, c.tokens * experts);
  auto *bias = static_cast<const float *>(data.operand(MOELORA_SELECTION_BIAS));
  for (size_t i = 0; i < logits.size(); ++i) {
    int64_t token = int64_t(i) / experts, expert = int64_t(i) % experts;
    if (token % 3 == 0 && expert < experts / 2)
      logits[i] = bias ? -bias[expert] : 0;
    else if (token % 3 == 1)
      logits[i] -= 8;
    else if (token % 3 == 2 && expert >= experts * 3 / 4 && expert < eligible)
      logits[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return logits;
}

std::vector<char> someRowsOfNaN(const Case &c, const Data &data) {
  int64_t size = differential::shapeOf(c.layer, MOELORA_HIDDEN, 1).bytes();
  auto rows = copyOf<char>(data, MOELORA_HIDDEN, c.tokens * size);
  for (int64_t token = 1; !rows.empty() && token < c.tokens; token += 3)
    std::fill_n(rows.begin() + token * size, size, char(0xff));
  return rows;
}

reference::Adapter infinite(reference::Adapter adapter) {
  for (auto &pairs : adapter.pairs)
    for (reference::LoraPair &pair : pairs)
      pair.scale = std::numeric_limits<double>::infinity();
  return adapter;
}

reference::Adapter shortened(reference::Adapter adapter) {
  for (auto &pairs : adapter.pairs)
    if (!pairs.empty()) {
      pairs.clear();
      break;
    }
  return adapter;
}

} // namespace moelora::kernels
