// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Rank.h"

#include "moelora/host/RunReport.h"
#include "moelora/host/Times.h"

#include <algorithm>
#include <filesystem>

using namespace moelora;
using namespace moelora::host;
using namespace moelora::run;

Weights moelora::run::readWeights(const Options &options,
                                  const CompiledLayer &layer,
                                  const models::Part &part, Report *lines,
                                  const Progress &progress) {
  if (!options.randomWeights && !std::filesystem::is_directory(options.model))
    throw Error("expects --model to be a folder with weights, but " +
                options.model + " is a file; --random-weights makes them up");
  Stopwatch watch;
  Weights weights = options.randomWeights
                        ? randomWeights(layer.model, layer.number, options.seed,
                                        layer.target.services, part)
                        : loadWeights(layer.model, layer.number, options.model,
                                      options.onReference(), progress, part);
  if (!lines)
    return weights;
  lines->add(Report::Statistics, "weights_ms", watch.milliseconds());
  lines->add(Report::Statistics, "weights_bytes", int64_t(weights.bytes));
  if (!weights.note.empty())
    lines->add(Report::Always, "note", weights.note);
  return weights;
}

static models::Part partOf(const CompiledLayer &layer, const Grid &grid,
                           int32_t number) {
  Grid::Triple at = grid.coordinates(number);
  return models::partOf(layer.variant, at.data());
}

Rank::Rank(const Batch &batch, const CompiledLayer &layer,
           const moelora_transport *transport)
    : batch(batch), layer(layer), transport(transport), grid(layer.variant),
      number(transport ? transport->rank : 0),
      part(partOf(layer, grid, number)) {}

/// The bytes of a row that exchanges need: sums in f32, or hidden states with
/// their experts.
static uint64_t rowBytes(const moelora_layer &layer) {
  constexpr uint64_t number = sizeof(float);
  return number * uint64_t(std::max(layer.hidden, layer.latent) +
                           2 * layer.router.top_k + 1);
}

void Rank::run(Report *lines, const Progress &progress) {
  auto [begin, end] = grid.tokensOf(number, batch.inputs.tokens);
  if (transport) {
    group = makeGroup(*transport, grid);
    call(moelora_group_reserve, group.get(), batch.inputs.tokens,
         rowBytes(*layer.artifact.layer));
    inputs = sliceOf(batch.inputs, begin, end);
    for (int32_t rank = 0; rank < grid.ranks; ++rank) {
      auto [first, last] = grid.tokensOf(rank, batch.inputs.tokens);
      inputs.peerTokens = std::max(inputs.peerTokens, last - first);
    }
  }
  describePart();
  runPart(lines, progress);
  group.reset();
}

void Rank::runPart(Report *lines, const Progress &progress) {
  weights = readWeights(batch.options, layer, part, lines, progress);
  Stopwatch watch;
  SlotTable table(batch.adapters, layer, part);
  if (lines)
    lines->add(Report::Statistics, "slot_table_ms", watch.milliseconds());
  describeMemory(table);
  BoundLayer bound(layer, weights, table, group.get());
  host::Run run(bound, batch.options.entry, group ? inputs : batch.inputs,
                table);
  if (group)
    enterTogether(*group, inputs.tokens);
  repeat(run, table, lines, progress);
  output = std::move(run.output);
  if (group && layer.variant.entry[0].flags & MOELORA_ENTRY_PARTIAL)
    addPartialSums();
}

/// As an engine does for a layer that leaves the sum to it.
void Rank::addPartialSums() {
  const moelora_layer &whole = *layer.artifact.layer;
  moelora_exchange_operand rows = {output.data(), output.data(),
                                   uint64_t(whole.hidden) * sizeof(float), 0};
  auto sum = sized<moelora_exchange>();
  sum.kind = MOELORA_EXCHANGE_REDUCE;
  sum.over = MOELORA_AXIS_EP | MOELORA_AXIS_TP;
  sum.group = moelora_group_view_of(group.get());
  sum.operand = &rows;
  sum.operands = 1;
  call(moelora_group_run, group.get(),
       static_cast<const moelora_exchange *>(&sum));
  auto type = moelora_dtype(whole.dtype);
  int64_t count = inputs.tokens * whole.hidden;
  Buffer rounded(uint64_t(count) * moelora_dtype_bytes(type));
  for (int64_t i = 0; i < count; ++i)
    reference::store(type, rounded.data(), i,
                     reference::load(MOELORA_F32, output.data(), i));
  output = std::move(rounded);
}

void Rank::repeat(host::Run &run, const SlotTable &table, Report *lines,
                  const Progress &progress) {
  const Options &options = batch.options;
  std::vector<double> times;
  moelora_run_stats before = {};
  moelora_exchange_stats start = {};
  ProgressCount count(progress, size_t(options.repeat), "runs");
  if (options.repeat > 1)
    run.run(); // to warm up
  for (int32_t i = 0; i < options.repeat; ++i, count.advance()) {
    before = statsOf(table.get()).runs;
    start = exchanged();
    Stopwatch once;
    run.run();
    times.push_back(once.milliseconds());
  }
  run.fetch();
  moelora_exchange_stats all = exchanged();
  facts["messages"] = all.messages - start.messages;
  facts["sent_bytes"] = all.sent - start.sent;
  facts["received_bytes"] = all.received - start.received;
  if (!lines)
    return;
  reportTimes(*lines, times, batch.inputs.tokens);
  reportStatistics(*lines, run, before, statsOf(table.get()));
}

/// "0-3", "0, 2", or "none"
static std::string shownNumbers(const std::vector<int32_t> &numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() &&
           numbers[end] == numbers[i] + int32_t(end - i))
      ++end;
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (end - i > 1)
      text += "-" + std::to_string(numbers[end - 1]);
    i = end;
  }
  return text.empty() ? "none" : text;
}

/// "8-15 of 32", or "none" if there is no such size.
static std::string shownColumns(int64_t size, const models::Part &part) {
  if (size == 0)
    return "none";
  int64_t count = size / part.tpSize, first = part.tp * count;
  return std::to_string(first) + "-" + std::to_string(first + count - 1) +
         " of " + std::to_string(size);
}

void Rank::describePart() {
  const moelora_layer &whole = *layer.artifact.layer;
  Grid::Triple at = grid.coordinates(number);
  std::vector<int32_t> experts;
  for (int32_t e = 0; e < whole.router.experts - whole.zero_experts; ++e)
    if (!part.experts ||
        std::count(part.experts->begin(), part.experts->end(), e))
      experts.push_back(e);
  auto [begin, end] = grid.tokensOf(number, batch.inputs.tokens);
  facts = {{"dp", at[0]},
           {"ep", at[1]},
           {"tp", at[2]},
           {"tokens", end - begin},
           {"experts", shownNumbers(experts)},
           {"columns", shownColumns(whole.intermediate, part)},
           {"shared_columns", shownColumns(whole.shared, part)}};
}

void Rank::describeMemory(const SlotTable &table) {
  facts["weights_bytes"] = weights.bytes;
  facts["weights_read_bytes"] = weights.readBytes;
  facts["slot_table_bytes"] = statsOf(table.get()).held.bytes;
  uint64_t digest = 0;
  call(moelora_slot_table_digest, table.get(), &digest);
  facts["slot_table_digest"] = digest;
}

moelora_exchange_stats Rank::exchanged() const {
  auto stats = sized<moelora_group_stats>();
  if (group)
    call(moelora_group_read_stats,
         static_cast<const moelora_group *>(group.get()), &stats);
  return {stats.all_gather.exchanges + stats.reduce.exchanges,
          stats.all_gather.messages + stats.reduce.messages,
          stats.all_gather.sent + stats.reduce.sent,
          stats.all_gather.received + stats.reduce.received};
}
