// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages of a module: parser, verifiers, printers, every pipeline. Invalid
// modules must be refused with a diagnostic.
#ifndef MOELORA_FUZZ_STAGES_H
#define MOELORA_FUZZ_STAGES_H

#include "mlir/IR/DialectRegistry.h"

#include <functional>
#include <string>
#include <vector>

namespace moelora::fuzz {

/// Called with the index of a stage before the module enters it.
using OnStage = std::function<void(int stage)>;

/// How far a module came.
enum class Fate {
  Refused,  ///< by a parser or a verifier
  Verified, ///< but not compiled
  Compiled, ///< to the llvm dialect
};

struct Result {
  Fate fate;
  std::string failure; ///< "" when the module was treated well
};

/// The stages by name; the first one is the parser.
int countStages();
const char *nameOfStage(int stage);

/// Once per process, before anything else.
mlir::DialectRegistry registerEverything();

/// Slow stages are not run for every mutant: one tier for each number, and
/// emission of objects for two in `emitEvery`.
struct Turn {
  uint64_t number;
  static constexpr uint64_t tiers = 2, emitEvery = 64;

  bool takes(uint64_t tier) const { return number % tiers == tier; }
  bool emits() const { return number % emitEvery < tiers; }
};

Result runStages(const mlir::DialectRegistry &registry, const std::string &text,
                 Turn turn, const OnStage &onStage);

/// Every different layer of a model's config.json, as text.
std::vector<std::string> layersOf(const std::string &config);

/// The module in generic form, or "" if it does not verify.
std::string genericForm(const mlir::DialectRegistry &registry,
                        const std::string &text);

} // namespace moelora::fuzz

#endif // MOELORA_FUZZ_STAGES_H
