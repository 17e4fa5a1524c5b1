// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run must give: the reference, on some of its tokens.
#ifndef MOELORA_RUN_EXACT_H
#define MOELORA_RUN_EXACT_H

#include "Adapters.h"
#include "Inputs.h"

#include "moelora/reference/Layer.h"

namespace moelora::run {

struct ExactRows {
  std::vector<int64_t> tokens;
  reference::Vector rows;   // [tokens, H]
  reference::Vector bounds; // the same shape; empty where not asked for
  /// Per token: a choice of experts that no rounding overturns; see Bound.h.
  std::vector<bool> decided;
};

/// Evaluates tokens of one run. Adapters are read one at a time, and of each
/// only the experts that its tokens chose, so that memory stays small.
class Exact {
public:
  Exact(const moelora_layer &layer, int layerNumber, moelora_entry_kind entry,
        const Inputs &inputs, const Weights &weights,
        const std::vector<OpenAdapter> &adapters);

  ExactRows evaluate(const std::vector<int64_t> &tokens, bool withBounds,
                     int threads);

private:
  void evaluateSlot(int32_t slot, const std::vector<size_t> &places,
                    ExactRows &result, int threads);
  void readAdapter(ExactAdapter &adapter, const std::vector<int64_t> &tokens);

  reference::Problem problem;
  int layerNumber;
  const std::vector<OpenAdapter> &adapters;
  bool withBounds = false;
};

} // namespace moelora::run

#endif // MOELORA_RUN_EXACT_H
