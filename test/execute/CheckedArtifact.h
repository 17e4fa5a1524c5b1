// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A valid artifact, in which a test breaks one rule at a time.
#ifndef MOELORA_TEST_EXECUTE_CHECKEDARTIFACT_H
#define MOELORA_TEST_EXECUTE_CHECKEDARTIFACT_H

#include "Layers.h"

namespace moelora::test {

/// The checks of loading, on structs that a test may change.
struct CheckedArtifact : testing::Test {
  CheckedArtifact()
      : artifact(loaded.artifact()), layer(*artifact.layer),
        variant(*artifact.variant),
        operands(variant.operand, variant.operand + variant.operands),
        entries(variant.entry, variant.entry + variant.entries) {
    artifact.layer = &layer;
    artifact.variant = &variant;
    variant.operand = operands.data();
    variant.entry = entries.data();
  }
  std::string error() { return errorOf(moelora_artifact_check, &artifact); }
  /// Only the entry point "from ids" is left.
  void keepOnlyIds() {
    variant.entry = &entries[MOELORA_ENTRY_IDS];
    variant.entries = 1;
  }
  moelora_operand &operand(int32_t role) {
    int32_t row = moelora_variant_operand(&variant, role, MOELORA_PART_VALUES);
    return operands.at(size_t(row));
  }

  LoadedLayer loaded{LAYER_COPY};
  moelora_artifact artifact;
  moelora_layer layer;
  moelora_variant variant;
  std::vector<moelora_operand> operands;
  std::vector<moelora_entry> entries;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_CHECKEDARTIFACT_H
