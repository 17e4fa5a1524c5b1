// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Runs.h"
#include "FewBlocks.h"

#include <limits>

namespace moelora::kernels {
namespace {

using differential::Batch;
using differential::Runner;

/// From now on, the deltas of an adapter are not finite.
void spoil(Runner &runner, const Data &data, int32_t slot) {
  reference::Adapter adapter = *data.problem().adapters[size_t(slot)];
  for (auto &pairs : adapter.pairs)
    for (reference::LoraPair &pair : pairs)
      pair.scale = std::numeric_limits<double>::infinity();
  runner.replaceAdapter(slot, adapter);
}

/// From now on, an adapter lacks one of its projections.
void shorten(Runner &runner, const Data &data, int32_t slot) {
  reference::Adapter adapter = *data.problem().adapters[size_t(slot)];
  for (auto &pairs : adapter.pairs)
    if (!pairs.empty()) {
      pairs.clear();
      break;
    }
  runner.replaceAdapter(slot, adapter);
}

/// What a run must return: rows, and what it counts.
Bytes resultOf(Runner &runner, const Batch &batch, bool hasSlots) {
  Bytes output = runner.run(batch);
  auto add = [&](moelora_run_stats stats) {
    auto *counters = reinterpret_cast<const char *>(&stats);
    output.insert(output.end(), counters, counters + sizeof stats);
  };
  add(runner.counters());
  if (hasSlots)
    add(runner.idCounters());
  return output;
}

/// Every third row is NaN.
Bytes spoilRows(const Case &c, const Data &data) {
  Bytes rows = data.bytesOf(MOELORA_HIDDEN);
  auto size = size_t(differential::shapeOf(c.layer, MOELORA_HIDDEN, 1).bytes());
  for (int64_t token = 1; token < c.tokens; token += 3)
    std::fill_n(rows.begin() + token * ptrdiff_t(size), size, char(0xff));
  return rows;
}

class Runs {
public:
  Runs(const Case &c, const Data &data, uint32_t blocks,
       const moelora_artifact &artifact, RunVisit visit)
      : c(c), data(data),
        opened(differential::openDevice(c, differential::Target::Emulator)),
        device(*opened, blocks),
        runner(c, data, artifact, device.device(), services()), batch(c, data),
        visit(visit) {}

  void all() {
    go("the first run") && leaveStep() && changeIds() && changeRows() &&
        changeAdapter();
  }

private:
  static moelora_services services() {
    moelora_services result = {};
    moelora_services_init(nullptr, &result);
    return result;
  }

  bool go(const char *what) {
    return visit(what, resultOf(runner, batch, c.options.slots > 0));
  }

  bool leaveStep() {
    batch.inStep = false;
    bool goesOn = go("a run without a step");
    batch.inStep = true;
    return goesOn;
  }

  bool changeIds() {
    batch.numbers = data.numbers();
    if (!go("invalid numbers of slots"))
      return false;
    batch.numbers.clear();
    // After a run in which most pairs have rows, which are still in memory.
    batch.validTokens = int32_t(c.tokens / 3);
    if (!go("fewer valid tokens"))
      return false;
    batch.validTokens.reset();
    return chooseOne();
  }

  /// Tokens that have one row: all choices but the first are invalid.
  bool chooseOne() {
    const void *before = batch.operand[MOELORA_EXPERT_IDS];
    if (!before)
      return true;
    auto *ids = static_cast<const int32_t *>(before);
    int32_t k = c.layer.router.top_k;
    std::vector<int32_t> chosen(ids, ids + c.tokens * k);
    for (size_t i = 0; i < chosen.size(); ++i)
      if (i % size_t(k) != 0)
        chosen[i] = -1;
    batch.operand[MOELORA_EXPERT_IDS] = chosen.data();
    bool goesOn = go("tokens with one expert");
    batch.operand[MOELORA_EXPERT_IDS] = before;
    return goesOn;
  }

  bool changeRows() {
    if (!batch.operand[MOELORA_HIDDEN])
      return true;
    Bytes rows = spoilRows(c, data);
    const void *before =
        std::exchange(batch.operand[MOELORA_HIDDEN], rows.data());
    bool goesOn = go("rows of NaN");
    batch.operand[MOELORA_HIDDEN] = before;
    return goesOn;
  }

  /// Of one slot.
  bool changeAdapter() {
    int64_t slots = c.options.slots;
    for (int64_t i = 0; i < slots; ++i) {
      auto slot = int32_t((c.set + uint64_t(i)) % uint64_t(slots));
      if (!data.problem().adapters[size_t(slot)])
        continue;
      shorten(runner, data, slot);
      if (!go("an adapter without a projection"))
        return false;
      spoil(runner, data, slot);
      return go("an infinite adapter");
    }
    return true;
  }

  const Case &c;
  const Data &data;
  host::DeviceHandle opened;
  FewBlocks device;
  Runner runner;
  Batch batch;
  RunVisit visit;
};

} // namespace

void runAll(const Case &c, const Data &data, uint32_t blocks,
            const moelora_artifact &artifact, RunVisit visit) {
  Runs(c, data, blocks, artifact, visit).all();
}

} // namespace moelora::kernels
