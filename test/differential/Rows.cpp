// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Rows.h"

#include <numeric>

namespace moelora::differential {

std::vector<int64_t> Rows::some(Random &random, int64_t most) const {
  std::vector<int64_t> all(tokens);
  std::iota(all.begin(), all.end(), 0);
  for (int64_t i = 0; i < tokens; ++i)
    std::swap(all[i], all[random.between(i, tokens - 1)]);
  all.resize(std::min(most, tokens));
  return all;
}

Selection::Selection(const Case &c, const Batch &from,
                     const std::vector<int64_t> &tokens)
    : selected(from) {
  selected.tokens = int64_t(tokens.size());
  auto select = [&](auto &ids) {
    auto all = ids;
    ids.clear();
    for (int64_t t : tokens)
      if (!all.empty())
        ids.push_back(all[t]);
  };
  select(selected.slotIds);
  select(selected.numbers);
  for (int r = MOELORA_HIDDEN; r < MOELORA_ROUTER_WEIGHT; ++r) {
    auto role = moelora_role(r);
    auto *all = static_cast<const char *>(from.operand[role]);
    if (!all)
      continue;
    int64_t bytes = shapeOf(c.layer, role, 1).bytes();
    for (int64_t t : tokens)
      rows[role].insert(rows[role].end(), all + t * bytes,
                        all + (t + 1) * bytes);
    rows[role].push_back(0); // the address of nothing is not null
    selected.operand[role] = rows[role].data();
  }
}

} // namespace moelora::differential
