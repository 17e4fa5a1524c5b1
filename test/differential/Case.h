// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A random layer and how it is run: all of it a function of the seed.

#ifndef MOELORA_TEST_DIFFERENTIAL_CASE_H
#define MOELORA_TEST_DIFFERENTIAL_CASE_H

#include "moelora/import/Import.h"
#include "moelora/reference/Random.h"
#include "moelora/runtime/Artifact.h"

namespace moelora::differential {

using Random = reference::RandomNumbers;

struct Case {
  uint64_t seed = 0;
  moelora_layer layer = {};
  LayerOptions options;
  int64_t tokens = 0;
  moelora_entry_kind entry = MOELORA_ENTRY_ALL;
  /// Numbers are those of ExactData.h.
  bool exact = false;

  /// Whether its run reads an operand.
  bool has(moelora_role role) const;
};

/// `exact`: the same layer as far as it can have data that make no sum round.
Case makeCase(uint64_t seed, bool exact = false);

/// A router with all stages. `mayAlways`: experts that every token chooses are
/// possible.
moelora_router makeRouter(Random &random, int32_t experts, bool mayAlways);

/// One line that describes the layer.
std::string describe(const Case &c);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_CASE_H
