// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs many mutants in few processes. A worker stores in shared memory which
// mutant is in which stage. When it dies, the campaign reports this mutant,
// classifies the stack trace, and starts another worker after it.
#ifndef MOELORA_FUZZ_CAMPAIGN_H
#define MOELORA_FUZZ_CAMPAIGN_H

#include "Mutator.h"
#include "Stages.h"

namespace moelora::fuzz {

struct Options {
  uint64_t count = 400, seed = 1;
  unsigned jobs = 1;
  std::string save;     ///< folder for the mutants that fail
  uint64_t dieAt = ~0u; ///< seed of a mutant that kills its worker, for tests
};

struct Summary {
  uint64_t refused = 0, verified = 0, compiled = 0;
  uint64_t failures = 0;      ///< of ours
  uint64_t knownUpstream = 0; ///< listed, with a reason
};

/// Prints a line for each mutant that fails.
Summary runCampaign(const Mutator &mutator,
                    const mlir::DialectRegistry &registry,
                    const Options &options);

/// Why a stack trace is not ours to mend, or "": the innermost functions are
/// those of a library's crash that is known and listed.
std::string whyKnown(const std::string &trace);

/// The innermost function of ours in a stack trace, or "".
std::string innermostOfOurs(const std::string &trace);

} // namespace moelora::fuzz

#endif // MOELORA_FUZZ_CAMPAIGN_H
