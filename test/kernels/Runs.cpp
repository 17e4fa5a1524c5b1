// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Runs.h"
#include "FewBlocks.h"
#include "Inputs.h"
#include "moelora/reference/Number.h"

#include <cmath>

namespace moelora::kernels {
namespace {

using differential::Batch;
using differential::Runner;

/// One NaN for all: the order of the operands in the code of the host decides
/// which of two NaN is in their sum.
void unifyNaNs(Bytes &elements, moelora_dtype type) {
  auto size = int64_t(moelora_dtype_bytes(type));
  for (int64_t i = 0; (i + 1) * size <= int64_t(elements.size()); ++i)
    if (std::isnan(reference::load(type, elements.data(), i)))
      std::fill_n(elements.begin() + i * size, size, char(0xff));
}

/// What a run must return: rows, what it counts, and what ids resolve to.
Bytes resultOf(Runner &runner, const Batch &batch, const Case &c) {
  Bytes output = runner.run(batch);
  unifyNaNs(output, differential::shapeOf(c.layer, MOELORA_OUTPUT, 1).dtype);
  auto add = [&](moelora_run_stats stats) {
    auto *counters = reinterpret_cast<const char *>(&stats);
    output.insert(output.end(), counters, counters + sizeof stats);
  };
  add(runner.counters());
  if (c.options.slots == 0)
    return output;
  add(runner.idCounters());
  const Bytes &ids = runner.resolved();
  output.insert(output.end(), ids.begin(), ids.end());
  return output;
}

class Runs {
public:
  Runs(const Case &c, const Data &data, uint32_t blocks,
       const moelora_artifact &artifact, RunVisit visit)
      : c(c), data(data),
        opened(differential::openDevice(c, differential::Target::Emulator)),
        device(*opened, blocks),
        runner(c, data, artifact, device.device(), services()), whole(c, data),
        visit(visit) {}

  void all() {
    go("the first run", whole) && leaveStep() && changeIds() &&
        changeValidTokens() && changeInputs() && changeAdapter();
  }

private:
  static moelora_services services() {
    moelora_services result = {};
    moelora_services_init(nullptr, &result);
    return result;
  }

  bool go(const char *what, const Batch &batch) {
    return visit(what, resultOf(runner, batch, c));
  }

  bool leaveStep() {
    Batch batch = whole;
    batch.inStep = false;
    if (!go("a run without a step", batch))
      return false;
    if (c.options.slots == 0)
      return true;
    batch = whole;
    batch.isOutside = true;
    batch.numbers = data.numbers(); // not to be read
    return go("a run outside of its step", batch);
  }

  /// Ids of other generations, and more valid tokens than there are.
  bool changeIds() {
    Batch batch = whole;
    for (int32_t &id : batch.slotIds)
      id += mostSlots;
    batch.numbers = data.numbers();
    batch.validTokens = int32_t(c.tokens + 1);
    return go("invalid ids and numbers of slots", batch);
  }

  /// After a run in which most pairs have rows, which are still in memory.
  bool changeValidTokens() {
    Batch batch = whole;
    batch.validTokens = int32_t(c.tokens / 3);
    if (!go("fewer valid tokens", batch))
      return false;
    batch.validTokens = -1;
    return go("a negative number of valid tokens", batch);
  }

  /// The batch with another operand. An empty one is that of the batch.
  template <typename Element>
  Batch with(moelora_role role, const std::vector<Element> &operand) const {
    Batch batch = whole;
    if (!operand.empty())
      batch.operand[role] = operand.data();
    return batch;
  }

  template <typename Element>
  bool goWith(const char *what, moelora_role role,
              const std::vector<Element> &operand) {
    return operand.empty() || go(what, with(role, operand));
  }

  bool changeInputs() {
    return goWith("tokens with one expert", MOELORA_EXPERT_IDS,
                  firstChoices(c, data)) &&
           goWith("scores of zero, low ones, and NaN", MOELORA_ROUTER_LOGITS,
                  oddLogits(c, data)) &&
           goWith("rows of NaN", MOELORA_HIDDEN, someRowsOfNaN(c, data));
  }

  /// Of one slot.
  bool changeAdapter() {
    const auto &adapters = data.problem().adapters;
    std::vector<int32_t> ids = validChoices(c, data);
    for (size_t i = 0; i < adapters.size(); ++i) {
      size_t slot = (c.set + i) % adapters.size();
      if (!adapters[slot])
        continue;
      runner.replaceAdapter(int32_t(slot), shortened(*adapters[slot]));
      if (!go("an adapter without a projection, and valid expert ids",
              with(MOELORA_EXPERT_IDS, ids)))
        return false;
      runner.replaceAdapter(int32_t(slot), infinite(*adapters[slot]));
      return go("an infinite adapter", whole);
    }
    return true;
  }

  const Case &c;
  const Data &data;
  host::DeviceHandle opened;
  FewBlocks device;
  Runner runner;
  const Batch whole;
  RunVisit visit;
};

} // namespace

void runAll(const Case &c, const Data &data, uint32_t blocks,
            const moelora_artifact &artifact, RunVisit visit) {
  Runs(c, data, blocks, artifact, visit).all();
}

} // namespace moelora::kernels
