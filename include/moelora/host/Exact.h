// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluates the reference on some tokens of a run.
#ifndef MOELORA_HOST_EXACT_H
#define MOELORA_HOST_EXACT_H

#include "moelora/host/Adapters.h"
#include "moelora/host/Inputs.h"

#include "moelora/reference/Layer.h"
#include "moelora/reference/Views.h"

#include <set>

namespace moelora::host {

/// Some pairs of one adapter, with exactly the values in its files.
class ExactAdapter {
public:
  ExactAdapter(const OpenAdapter &adapter, const moelora_layer &layer,
               int layerNumber);

  /// Reads one pair, if the adapter has it and it was not read before.
  void read(moelora_projection projection, int32_t expert);
  const reference::Adapter &get() const { return adapter; }

private:
  std::string name;
  const moelora_adapter *handle;
  int layerNumber;
  reference::Adapter adapter;
  std::set<std::pair<int, int32_t>> done;
  std::vector<std::vector<float>> storage;
};

/// The rows of these tokens, and on request their bounds and `decided`.
struct ExactRows : reference::Output {
  std::vector<int64_t> tokens;
};

/// Evaluates tokens of one run. To save memory, adapters are read one at a
/// time, and only the experts that their tokens chose.
class Exact {
public:
  /// The bounds are those of the ranks over which the variant was cut.
  Exact(const moelora_layer &layer, const moelora_variant &variant,
        int layerNumber, moelora_entry_kind entry, const Inputs &inputs,
        const Weights &weights, const std::vector<OpenAdapter> &adapters);

  ExactRows evaluate(const std::vector<int64_t> &tokens, bool withBounds,
                     int threads, const Progress &progress = {});

private:
  void evaluatePart(const std::vector<size_t> &places, ExactRows &result,
                    int threads) const;
  void evaluateSlot(int32_t slot, const std::vector<size_t> &places,
                    ExactRows &result, int threads, ProgressCount &count);
  void readAdapter(ExactAdapter &adapter, const std::vector<int64_t> &tokens);

  reference::Problem problem;
  int layerNumber;
  const std::vector<OpenAdapter> &adapters;
  bool withBounds = false;
};

} // namespace moelora::host

#endif // MOELORA_HOST_EXACT_H
