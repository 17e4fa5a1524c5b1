// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The process that runs mutants through the stages. It stores its progress in
// shared memory, because it may crash.
#ifndef MOELORA_FUZZ_WORKER_H
#define MOELORA_FUZZ_WORKER_H

#include "Campaign.h"

#include <atomic>

namespace moelora::fuzz {

/// The state that all workers share.
struct Job {
  const Mutator &mutator;
  const mlir::DialectRegistry &registry;
  const Options &options;

  /// One past the last mutant; a mutant is called by its seed.
  uint64_t end() const { return options.seed + options.count; }
  /// Where a mutant that fails is kept; only with a folder to save to.
  std::string placeOf(uint64_t mutant, const char *suffix) const;
  /// Prints the result of a mutant, and saves it.
  void report(uint64_t mutant, const std::string &what) const;
};

struct WorkerState {
  std::atomic<uint64_t> mutant;
  std::atomic<int> stage;
  std::atomic<uint64_t> steps; ///< stands still when the worker hangs
};

constexpr unsigned maxWorkers = 64;

/// An object in memory that all processes share.
struct Board {
  std::atomic<uint64_t> next, refused, verified, compiled, failures;
  WorkerState workers[maxWorkers];
};

/// In a process of its own: takes mutants from the board until there are none.
/// Stack traces go to the file `log`.
void work(const Job &job, Board &board, unsigned index, const std::string &log);

} // namespace moelora::fuzz

#endif // MOELORA_FUZZ_WORKER_H
