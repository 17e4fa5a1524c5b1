// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Ranks.h"

#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

using namespace moelora;
using namespace moelora::host;
using namespace moelora::run;

/// The transports of this process; none for a whole layer.
static std::vector<TransportHandle> open(const Options &options,
                                         const Grid &grid) {
  std::vector<TransportHandle> opened;
  std::string cut = "over " + grid.text() + " peer ranks (dp x ep x tp)";
  if (grid.ranks == 1 && !options.collectives.empty())
    throw Error("expects a layer that was cut over peer ranks for "
                "--collectives, but " +
                options.artifact + " is whole");
  if (grid.ranks > 1 && options.collectives.empty())
    throw Error("expects --collectives=loopback, or another transport, for " +
                options.artifact + ", which was cut " + cut);
  if (grid.ranks == 1)
    return opened;
  if (options.collectives == "loopback")
    return openLoopback(grid.ranks);
  opened.push_back(openTransport(options.collectives));
  if (opened[0]->ranks != grid.ranks)
    throw Error("expects " + std::to_string(grid.ranks) + " processes for " +
                options.artifact + ", which was cut " + cut +
                ", but there are " + std::to_string(opened[0]->ranks));
  return opened;
}

Ranks::Ranks(const Batch &batch, const CompiledLayer &layer)
    : batch(batch), layer(layer), grid(layer.variant),
      transports(open(batch.options, grid)) {}

/// What the thread of a rank leaves.
struct Ranks::Result {
  Weights weights;
  Buffer output;                           // of the only rank
  std::vector<std::string> outputs, facts; // of all ranks
};

void Ranks::runRank(size_t index, Report *lines, const Progress &progress,
                    Result &result) {
  const moelora_transport *transport =
      transports.empty() ? nullptr : transports[index].get();
  std::optional<Pool> pool;
  std::optional<CompiledLayer> own;
  if (index > 0) {
    pool.emplace(batch.options.threads);
    own.emplace(batch.options.artifact, batch.options.model,
                Target{layer.target.device, pool->services}, layer.number);
  }
  Rank rank(batch, own ? *own : layer, transport);
  rank.run(lines, progress);
  result.weights = std::move(rank.weights);
  if (transport) {
    result.outputs = gatherTexts(
        *transport, {rank.output.data(), size_t(rank.output.bytes())});
    result.facts = gatherTexts(*transport, rank.facts.dump());
  } else {
    result.output = std::move(rank.output);
    result.facts = {rank.facts.dump()};
  }
}

/// One rank runs in this thread. If several fail, the first one is the cause.
void Ranks::runThreads(Report &lines, const Progress &progress,
                       std::vector<Result> &results) {
  std::mutex mutex;
  std::string error;
  auto runOne = [&](size_t index) {
    bool reports = index == 0 && isFirst();
    try {
      runRank(index, reports ? &lines : nullptr,
              reports ? progress : Progress(), results[index]);
    } catch (const std::exception &problem) {
      std::lock_guard<std::mutex> lock(mutex);
      error = error.empty() ? problem.what() : error;
      if (!transports.empty()) // the others need not wait
        transports[index]->abort(transports[index]->context);
    }
  };
  std::vector<std::thread> threads;
  for (size_t index = 1; index < results.size(); ++index)
    threads.emplace_back(runOne, index);
  runOne(0);
  for (std::thread &thread : threads)
    thread.join();
  if (!error.empty())
    throw Error(error);
}

void Ranks::run(Report &lines, const Progress &progress) {
  std::vector<Result> results(std::max<size_t>(transports.size(), 1));
  runThreads(lines, progress, results);
  Result &first = results[0];
  for (const std::string &text : first.facts)
    facts.push_back(Json::parse(text));
  weights = std::move(first.weights);
  output = std::move(first.output);
  if (!transports.empty())
    assemble(first.outputs);
}

/// Ranks with the same tokens must have the same bits.
void Ranks::assemble(const std::vector<std::string> &outputs) {
  std::map<std::pair<int64_t, int64_t>, int32_t> owners;
  uint64_t bytes = 0, end = 0;
  for (int32_t rank = 0; rank < grid.ranks; ++rank)
    if (owners.emplace(grid.tokensOf(rank, batch.inputs.tokens), rank).second)
      bytes += outputs[size_t(rank)].size();
  output = Buffer(bytes);
  for (int32_t rank = 0; rank < grid.ranks; ++rank) {
    int32_t owner = owners.at(grid.tokensOf(rank, batch.inputs.tokens));
    const std::string &rows = outputs[size_t(rank)];
    if (rows != outputs[size_t(owner)])
      throw Error("expects ranks with the same tokens to have the same bits, "
                  "but those of ranks " +
                  std::to_string(owner) + " and " + std::to_string(rank) +
                  " differ");
    if (owner != rank)
      continue;
    std::memcpy(output.data() + end, rows.data(), rows.size());
    end += rows.size();
  }
}
