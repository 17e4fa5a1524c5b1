// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Replays.h"

#include "moelora/adapters/Open.h"
#include "moelora/host/CudaStream.h"
#include "moelora/host/Exact.h"
#include "moelora/host/Times.h"
#include "moelora/reference/Random.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <thread>

using namespace moelora::host;

namespace moelora::bench {
namespace {

/// Numbers that are the same in every run.
class Random {
public:
  size_t below(size_t end) { return size_t(reference::mix(++state) % end); }

private:
  uint64_t state = 0;
};

/// Twice as many adapters as slots.
std::vector<OpenAdapter> openTwice(const Layer &layer, Cell cell) {
  cell.mixed = true;
  std::vector<OpenAdapter> all;
  for (uint64_t seed : {0, 1})
    for (OpenAdapter &adapter :
         adapters::openAdapters(layer.compiled, {}, ranksOf(cell), seed))
      all.push_back(std::move(adapter));
  return all;
}

/// Adapters that come to a slot table and leave it.
class Tenants {
public:
  Tenants(const Layer &layer, const Cell &cell)
      : layer(layer), slots(size_t(cell.adapters)),
        adapters(openTwice(layer, cell)), table({}, layer.compiled) {}
  ~Tenants() {
    for (const Resident &resident : residents)
      moelora_slot_table_release(table.get(), &resident.lease, nullptr);
  }

  /// The id of a token, and the adapter that must serve it; -1: none.
  struct Token {
    int32_t id, adapter;
  };

  Token load(int32_t adapter) {
    Resident made = {adapter, {}};
    int32_t id = -1;
    std::string name = "tenant-" + std::to_string(++loads);
    auto staging = stagingOf();
    call(moelora_slot_table_assign, table.get(), name.c_str(),
         handleOf(adapter), &staging, &id);
    call(moelora_slot_table_acquire, table.get(), name.c_str(), &made.lease);
    residents.push_back(made);
    return {id, adapter};
  }

  /// All steps are past on the device, but the host may not know it yet.
  void evict(size_t place) {
    moelora_lease lease = residents[place].lease;
    residents.erase(residents.begin() + ptrdiff_t(place));
    call(moelora_slot_table_release, table.get(), &lease);
    constexpr int mostTries = 1000;
    for (int tries = 1; moelora_slot_table_evict(table.get(), lease.id,
                                                 nullptr) == MOELORA_BUSY;
         ++tries) {
      if (tries == mostTries)
        throw Error("an adapter is not idle after all steps are past");
      std::this_thread::yield();
    }
    evicted = lease.id;
  }

  /// Loads, replaces or evicts an adapter.
  void change(Random &random, moelora_stream *stream) {
    bool full = residents.size() == slots;
    size_t place = residents.empty() ? 0 : random.below(residents.size());
    auto next = int32_t(random.below(adapters.size()));
    if (!full) {
      load(next);
    } else if (random.below(2)) {
      evict(place);
    } else {
      auto staging = stagingOf();
      call(moelora_slot_table_replace, table.get(), residents[place].lease.id,
           handleOf(next), &staging, stream);
      residents[place].adapter = next;
    }
    ++changes;
  }

  Token token(Random &random) const {
    size_t place = random.below(residents.size() + 2);
    if (place < residents.size())
      return {residents[place].lease.id, residents[place].adapter};
    return {place == residents.size() ? -1 : evicted, -1};
  }

  const Layer &layer;
  const size_t slots;
  const std::vector<OpenAdapter> adapters;
  const SlotTable table;
  int64_t changes = 0;

private:
  struct Resident {
    int32_t adapter;
    moelora_lease lease;
  };

  const moelora_adapter *handleOf(int32_t adapter) const {
    return adapters[size_t(adapter)].handle.get();
  }
  moelora_staging stagingOf() const {
    auto staging = sized<moelora_staging>();
    staging.services = &layer.services;
    return staging;
  }

  std::vector<Resident> residents;
  int32_t evicted = -1; // the id of the last one
  int64_t loads = 0;
};

/// The step and the graph.
class Replayed {
public:
  Replayed(const Layer &layer, const Cell &cell)
      : layer(layer), tenants(layer, cell),
        bound(layer.compiled, layer.weights, tenants.table),
        inputs(inputsOf(layer,
                        makeRoutings(layer.shape, {cell.tokens, 0, 1})[0],
                        /*seed=*/0)) {
    const moelora_device &device = *layer.compiled.target.device;
    int64_t kind = 0;
    call(device.query, device.context, int32_t(MOELORA_DEVICE_KIND), &kind);
    if (kind == MOELORA_DEVICE_KIND_CUDA)
      stream.emplace(device);
    run.emplace(bound, MOELORA_ENTRY_IDS, inputs, tenants.table, streamOf());
    run->step.leave();
    expectAll();
    if (stream)
      graph.emplace(stream->capture([&] { run->enqueue(); }));
  }

  void replay(int64_t number) {
    tenants.change(random, streamOf());
    std::vector<Tenants::Token> tokens;
    std::vector<int32_t> ids;
    for (int64_t token = 0; token < inputs.tokens; ++token) {
      tokens.push_back(tenants.token(random));
      ids.push_back(tokens.back().id);
    }
    pass(ids, graph ? &*graph : nullptr);
    for (size_t token = 0; token < tokens.size(); ++token)
      if (rowOf(token) != expected[size_t(tokens[token].adapter + 1)][token])
        throw Error("replay " + std::to_string(number) + ": expects token " +
                    std::to_string(token) + " to have the bits of adapter " +
                    std::to_string(tokens[token].adapter) +
                    " (-1: none), but it has others");
  }

  int64_t changes() const { return tenants.changes; }
  size_t nodes() const { return graph ? graph->nodes() : 0; }

private:
  moelora_stream *streamOf() const { return stream ? stream->get() : nullptr; }

  std::string rowOf(size_t token) const {
    size_t bytes = run->output.bytes() / size_t(inputs.tokens);
    return {run->output.data() + token * bytes, bytes};
  }

  /// Without a graph, the work is enqueued.
  void pass(const std::vector<int32_t> &ids, const CudaGraph *replayed) {
    run->step.setIds(ids);
    run->step.enter();
    if (replayed)
      replayed->replay();
    else
      run->enqueue();
    run->step.leave();
    const moelora_device &device = *layer.compiled.target.device;
    call(device.stream_synchronize, device.context, streamOf());
    run->fetch();
  }

  /// The rows of all tokens without an adapter, and with each one.
  void expectAll() {
    for (int32_t adapter = -1; adapter < int32_t(tenants.adapters.size());
         ++adapter) {
      int32_t id = adapter < 0 ? -1 : tenants.load(adapter).id;
      pass(std::vector<int32_t>(size_t(inputs.tokens), id), nullptr);
      if (adapter >= 0)
        tenants.evict(0);
      std::vector<std::string> rows;
      for (size_t token = 0; token < size_t(inputs.tokens); ++token)
        rows.push_back(rowOf(token));
      for (const std::vector<std::string> &other : expected)
        for (size_t token = 0; token < rows.size(); ++token)
          if (rows[token] == other[token])
            throw Error("two adapters give the same row, so that nothing can "
                        "be learned from it");
      expected.push_back(std::move(rows));
      compareWithReference(adapter);
    }
  }

  void compareWithReference(int32_t adapter) {
    Inputs same = inputsOf(layer, {inputs.expertIds, inputs.slots}, /*seed=*/0);
    std::fill(same.slots.begin(), same.slots.end(), adapter);
    std::vector<int64_t> tokens = {inputs.tokens - 1};
    ExactRows exact =
        Exact(*layer.compiled.artifact.layer, layer.compiled.variant,
              layer.compiled.number, MOELORA_ENTRY_IDS, same, layer.weights,
              tenants.adapters)
            .evaluate(tokens, true, layer.services.workers);
    int64_t width = layer.shape.hidden;
    reference::Verdict verdict = reference::compareRows(
        {layer.compiled.model.dtype(), run->output.data(), inputs.tokens, width,
         width},
        tokens, exact);
    if (!verdict.right())
      throw Error("before the replays: " + verdict.failure());
  }

  const Layer &layer;
  Tenants tenants;
  const BoundLayer bound;
  const Inputs inputs;
  std::optional<CudaStream> stream;
  std::optional<host::Run> run;
  std::optional<CudaGraph> graph;
  std::vector<std::vector<std::string>> expected; // [adapter + 1][token]
  Random random;
};

} // namespace

Json replay(const Layer &layer, const Cell &cell, int64_t replays) {
  Replayed replayed(layer, cell);
  Stopwatch watch;
  for (int64_t number = 0; number < replays; ++number)
    replayed.replay(number);
  double seconds = watch.seconds();
  std::printf("%s: %lld replays of %zu launches, %lld changes of adapters "
              "between them, %lld rows right, %.1f s\n",
              layer.shape.name.c_str(), static_cast<long long>(replays),
              replayed.nodes(), static_cast<long long>(replayed.changes()),
              static_cast<long long>(replays * cell.tokens), seconds);
  std::fflush(stdout);
  return {{"shape", layer.shape.name},
          {"tokens", cell.tokens},
          {"slots", cell.adapters},
          {"rank", cell.rank},
          {"replays", replays},
          {"launches", replayed.nodes()},
          {"changes", replayed.changes()},
          {"right", true},
          {"seconds", seconds}};
}

} // namespace moelora::bench
