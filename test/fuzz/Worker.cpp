// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Worker.h"
#include "llvm/Support/Signals.h"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace moelora::fuzz {

std::string Job::placeOf(uint64_t mutant, const char *suffix) const {
  return options.save + "/" + std::to_string(mutant) + "." + suffix;
}

void Job::report(uint64_t mutant, const std::string &what) const {
  std::printf("mutant %llu: %s\n", static_cast<unsigned long long>(mutant),
              what.c_str());
  if (!options.save.empty())
    std::ofstream(placeOf(mutant, "mlir")) << mutator.mutate(mutant);
}

static void limitMemory() {
  // A module of a few kilobytes has no business with more; a sanitizer's shadow
  // memory is larger than any limit.
#if !__has_feature(address_sanitizer)
  constexpr rlim_t most = rlim_t(8) << 30;
  rlimit limit{most, most};
  setrlimit(RLIMIT_AS, &limit);
#endif
}

static void writeErrorsTo(const std::string &path) {
  int log = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(log, STDERR_FILENO);
  close(log);
  llvm::sys::PrintStackTraceOnErrorSignal("moelora-mutate");
}

static void count(Fate fate, Board &board) {
  ++(fate == Fate::Refused    ? board.refused
     : fate == Fate::Verified ? board.verified
                              : board.compiled);
}

void work(const Job &job, Board &board, unsigned index,
          const std::string &log) {
  limitMemory();
  writeErrorsTo(log);
  WorkerState &state = board.workers[index];
  for (uint64_t mutant; (mutant = board.next++) < job.end();) {
    state.mutant = mutant;
    auto onStage = [&](int stage) {
      state.stage = stage;
      ++state.steps;
      if (mutant == job.options.dieAt)
        std::raise(SIGSEGV);
    };
    Result result = runStages(job.registry, job.mutator.mutate(mutant),
                              Turn{mutant}, onStage);
    if (!result.failure.empty()) {
      job.report(mutant, result.failure);
      ++board.failures;
    }
    count(result.fate, board);
  }
}

} // namespace moelora::fuzz
