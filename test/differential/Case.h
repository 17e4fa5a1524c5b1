// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A random layer and how it is run: all of it a function of the seed.

#ifndef MOELORA_TEST_DIFFERENTIAL_CASE_H
#define MOELORA_TEST_DIFFERENTIAL_CASE_H

#include "moelora/import/Import.h"
#include "moelora/runtime/Artifact.h"

namespace moelora::differential {

struct Case {
  uint64_t seed = 0;
  moelora_layer layer = {};
  LayerOptions options;
  int64_t tokens = 0;
  moelora_entry entry = MOELORA_ENTRY_ALL;

  bool has(moelora_role role) const;
};

Case makeCase(uint64_t seed);

/// One line: what somebody needs to see which kind of layer it is.
std::string describe(const Case &c);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_CASE_H
