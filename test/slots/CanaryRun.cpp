/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CanaryRun.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

using namespace moelora::test;

namespace {

constexpr uint16_t one = 0x3f80; // of bf16
constexpr size_t workspaceAlignment = 256;

/// Ids that no table hands out: of slots that it has not, and negative ones.
constexpr int32_t unknownIds[] = {3,  7,        1 << 28 | 3, INT32_MAX,
                                  -2, -0x10000, INT32_MIN};

void must(moelora_status status) {
  if (status != MOELORA_OK)
    throw std::runtime_error("expects the device not to fail");
}

} // namespace

CanaryRun::CanaryRun(CanaryStage &stage)
    : stage(stage), hidden(canaryTokens, CanaryRow{one}), slots(canaryTokens),
      experts(canaryTokens * canaryChoices), expertWeights(experts.size(), 1),
      workspace(moelora_layer_workspace(stage.layers[0], MOELORA_ENTRY_IDS,
                                        canaryTokens) +
                workspaceAlignment),
      placedHidden(stage.device, hidden), placedSlots(stage.device, slots),
      placedExperts(stage.device, experts),
      placedWeights(stage.device, expertWeights),
      placedWorkspace(stage.device, workspace) {
  must(moelora_step_create(stage.table, stage.program, canaryTokens, &step,
                           nullptr));
  const moelora_device &device = stage.device;
  must(device.event_create(device.context, &done, nullptr));
  for (std::vector<CanaryRow> &rows : output) {
    rows.resize(canaryTokens);
    placedOutput.emplace_back(device, rows);
  }
  describe();
}

CanaryRun::~CanaryRun() {
  moelora_step_destroy(step, nullptr);
  stage.device.event_destroy(stage.device.context, done);
}

bool CanaryRun::isUnderWay() {
  if (!underWay || stage.check)
    return underWay;
  int32_t state = MOELORA_EVENT_PENDING;
  const moelora_device &device = stage.device;
  must(device.event_state(device.context, done, &state, nullptr));
  if (state == MOELORA_EVENT_FAILED)
    throw std::runtime_error("expects the device not to fail");
  if (state == MOELORA_EVENT_PASSED)
    checkAll();
  return underWay;
}

void CanaryRun::wait() {
  while (isUnderWay())
    std::this_thread::yield();
}

CanaryRun::Token CanaryRun::makeToken(std::mt19937 &random) {
  auto expert = static_cast<int32_t>(random() % canaryExperts);
  uint32_t die = random() % 10;
  if (die < 7 && !leases.empty()) {
    size_t lease = random() % leases.size();
    return {Leased, lease, leases[lease].lease.id, expert};
  }
  if (die == 8)
    if (int32_t id = stage.gone.pick(random); id != -1)
      return {Stale, 0, id, expert};
  if (die == 9)
    return {Unknown, 0, unknownIds[random() % std::size(unknownIds)], expert};
  return {Base, 0, -1, expert};
}

void CanaryRun::describe() {
  run.size = sizeof run;
  run.entry = MOELORA_ENTRY_IDS;
  run.step = step;
  run.hidden = placedHidden.get();
  run.expert_ids = placedExperts.get<int32_t>();
  run.weights = placedWeights.get<float>();
  run.workspace_bytes = workspace.size() - workspaceAlignment;
  auto address = reinterpret_cast<uintptr_t>(placedWorkspace.get());
  run.workspace = placedWorkspace.get<char>() + (-address % workspaceAlignment);
}

void CanaryRun::launch(std::vector<CanaryLease> with, int64_t count,
                       moelora_stream *stream, std::mt19937 &random) {
  leases = std::move(with);
  tokens.clear();
  for (size_t t = 0; t < size_t(count); ++t) {
    tokens.push_back(makeToken(random));
    slots[t] = tokens.back().id;
    experts[t * canaryChoices] = tokens.back().expert;
    experts[t * canaryChoices + 1] = -1;
  }
  for (std::vector<CanaryRow> &rows : output)
    rows.assign(canaryTokens, CanaryRow{});
  run.tokens = count;
  underWay = true;
  for (const CanaryMemory *input :
       {&placedHidden, &placedSlots, &placedExperts, &placedWeights})
    input->toDevice(stream);
  must(moelora_step_enter(step, stream, nullptr));
  must(moelora_step_resolve(step, stream, placedSlots.get<int32_t>(), count,
                            nullptr, nullptr));
  if (!stage.options.generations)
    stage.anybody->launch(stream, this);
  runLayers(stream);
  if (stage.check)
    stage.check->launch(stream, this);
  must(moelora_step_leave(step, stream, nullptr));
  if (!stage.check)
    endUnchecked(stream);
}

void CanaryRun::endUnchecked(moelora_stream *stream) {
  const moelora_device &device = stage.device;
  for (const CanaryMemory &rows : placedOutput)
    rows.toHost(stream);
  must(device.event_record(device.context, stream, done, nullptr));
}

void CanaryRun::runLayers(moelora_stream *stream) {
  run.on = stream;
  for (size_t layer = 0; layer < stage.layers.size(); ++layer) {
    run.output = placedOutput[layer].get();
    if (moelora_layer_run(stage.layers[layer], &run, nullptr) != MOELORA_OK)
      ++stage.counts.refused;
  }
}

void CanaryRun::checkKernel(const moelora_launch *launch) {
  HostKernel::parametersOf<CanaryRun *>(launch)->checkAll();
}

void CanaryRun::anybodyKernel(const moelora_launch *launch) {
  HostKernel::parametersOf<CanaryRun *>(launch)->serveAnybody();
}

void CanaryRun::serveAnybody() const {
  const moelora_step_view &view = *moelora_step_view_of(step);
  auto *number = const_cast<int32_t *>(view.number); // it is the step's own
  for (size_t t = 0; t < tokens.size(); ++t) {
    int32_t slot = slots[t] & ((1 << view.index_bits) - 1);
    bool there = slots[t] >= 0 && slot < view.slots &&
                 view.word[slot] << (64 - MOELORA_WORD_ADDRESS_BITS);
    number[t] = there ? slot : -1;
  }
}
