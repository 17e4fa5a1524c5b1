// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The peer ranks of a layer: threads of this process, or this process as one of
// several.
#ifndef MOELORA_RUN_RANKS_H
#define MOELORA_RUN_RANKS_H

#include "Rank.h"

namespace moelora::run {

class Ranks {
public:
  /// Opens the transports. `layer` is that of the first rank of this process.
  /// Throws host::Error.
  Ranks(const Batch &batch, const host::CompiledLayer &layer);

  /// Whether this process has rank 0, which reports.
  bool isFirst() const {
    return transports.empty() || transports[0]->rank == 0;
  }
  /// Runs all ranks of this process. Throws host::Error, also if ranks with the
  /// same tokens have other bits.
  void run(host::Report &lines, const host::Progress &progress);

  // Of the first rank of this process.
  host::Weights weights; // of its part
  host::Buffer output;   // of all tokens
  /// What each rank has and sends, by rank.
  std::vector<host::Json> facts;

private:
  struct Result;
  void runRank(size_t index, host::Report *lines,
               const host::Progress &progress, Result &result);
  void runThreads(host::Report &lines, const host::Progress &progress,
                  std::vector<Result> &results);
  void assemble(const std::vector<std::string> &outputs);

  const Batch &batch;
  const host::CompiledLayer &layer;
  const host::Grid grid;
  std::vector<host::TransportHandle> transports; // of this process
};

} // namespace moelora::run

#endif // MOELORA_RUN_RANKS_H
