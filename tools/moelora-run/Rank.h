// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One peer rank of a layer that was cut, or a whole layer: its part of the
// weights and of the adapters, and its runs.
#ifndef MOELORA_RUN_RANK_H
#define MOELORA_RUN_RANK_H

#include "Options.h"
#include "moelora/host/Group.h"
#include "moelora/host/Report.h"
#include "moelora/host/Run.h"

namespace moelora::run {

/// What the ranks of a process share. All of it is borrowed and only read.
struct Batch {
  const Options &options;
  const std::vector<host::OpenAdapter> &adapters;
  const host::Inputs &inputs; // of all tokens
};

/// The weights of a part of a layer, from the model's folder or from the seed.
/// Reports them unless `lines` is NULL.
host::Weights readWeights(const Options &options,
                          const host::CompiledLayer &layer,
                          const models::Part &part, host::Report *lines,
                          const host::Progress &progress);

class Rank {
public:
  /// Without a transport, it is the only rank.
  Rank(const Batch &batch, const host::CompiledLayer &layer,
       const moelora_transport *transport);

  /// Runs the layer, and reports unless `lines` is NULL. All ranks do it at the
  /// same time. Throws host::Error.
  void run(host::Report *lines, const host::Progress &progress);

  host::Weights weights;
  host::Buffer output; // of the tokens of this rank
  /// What the rank has, and what it sends and receives in a run.
  host::Json facts;

private:
  void runPart(host::Report *lines, const host::Progress &progress);
  void repeat(host::Run &run, const host::SlotTable &table, host::Report *lines,
              const host::Progress &progress);
  void addPartialSums();
  void describePart();
  void describeMemory(const host::SlotTable &table);
  moelora_exchange_stats exchanged() const;

  const Batch &batch;
  const host::CompiledLayer &layer;
  const moelora_transport *transport;
  const host::Grid grid;
  const int32_t number;
  const models::Part part;
  host::GroupHandle group;
  host::Inputs inputs;
};

} // namespace moelora::run

#endif // MOELORA_RUN_RANK_H
