// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A random layer and how it is run: all of it a function of the seed.

#ifndef MOELORA_TEST_DIFFERENTIAL_CASE_H
#define MOELORA_TEST_DIFFERENTIAL_CASE_H

#include "moelora/import/Import.h"
#include "moelora/passes/Passes.h"
#include "moelora/reference/Random.h"
#include "moelora/runtime/Artifact.h"

namespace moelora::differential {

using Random = reference::RandomNumbers;

/// What all cases of a run have in common.
struct CaseOptions {
  /// Numbers are those of ExactData.h.
  bool exact = false;
  /// Layers that GPUs run, and that are run on the emulator, too.
  bool emulated = false;
};

/// What code is compiled for.
enum class Target { Cpu, Emulator };

struct Case {
  uint64_t seed = 0;
  moelora_layer layer = {};
  LayerOptions options;
  bool exact = false;
  // How GPUs compute it, and in which order the emulator's threads run.
  Strategy strategy = Strategy::InPlace;
  std::vector<int64_t> tiles; // their tokens
  // Whether the first kernel that reads a plan makes it in small batches.
  bool planInConsumer = true;
  // One set of data, of several for the same code.
  uint64_t set = 0;
  int64_t tokens = 0;
  moelora_entry_kind entry = MOELORA_ENTRY_ALL;
  std::string emulator; // the name of the device
  // Each byte of memory that nothing has written yet.
  uint8_t fill = 0xff;

  /// Whether its run reads an operand.
  bool has(moelora_role role) const;
};

/// With exact data: the same layer as far as it can have data that make no sum
/// round.
Case makeCase(uint64_t seed, const CaseOptions &options = {});

/// The same layer with other data, another number of tokens, and from another
/// entry point.
Case withSet(const Case &c, uint64_t set);

/// A router with all stages. `mayAlways`: experts that every token chooses are
/// possible.
moelora_router makeRouter(Random &random, int32_t experts, bool mayAlways);

/// One line that describes the layer.
std::string describe(const Case &c);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_CASE_H
