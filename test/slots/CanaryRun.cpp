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

CanaryRun::CanaryRun(CanaryStage &stage) : stage(stage) {
  must(moelora_step_create(stage.table, nullptr, canaryTokens, &step, nullptr));
}

CanaryRun::~CanaryRun() { moelora_step_destroy(step, nullptr); }

void CanaryRun::wait() const {
  while (underWay)
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

void CanaryRun::prepare(int64_t count) {
  auto size = static_cast<size_t>(count);
  hidden.assign(size, CanaryRow{one});
  for (std::vector<CanaryRow> &rows : output)
    rows.assign(size, CanaryRow{});
  expertWeights.assign(size * canaryChoices, 1);
  run.size = sizeof run;
  run.entry = MOELORA_ENTRY_IDS;
  run.tokens = count;
  run.step = step;
  run.hidden = hidden.data();
  run.expert_ids = experts.data();
  run.weights = expertWeights.data();
  run.workspace_bytes =
      moelora_layer_workspace(stage.layers[0], MOELORA_ENTRY_IDS, count);
  workspace.resize(run.workspace_bytes + workspaceAlignment);
  auto address = reinterpret_cast<uintptr_t>(workspace.data());
  run.workspace = workspace.data() + (-address % workspaceAlignment);
}

void CanaryRun::launch(std::vector<CanaryLease> with, int64_t count,
                       moelora_stream *stream, std::mt19937 &random) {
  leases = std::move(with);
  tokens.clear();
  slots.clear();
  experts.clear();
  for (int64_t t = 0; t < count; ++t) {
    tokens.push_back(makeToken(random));
    slots.push_back(tokens.back().id);
    experts.insert(experts.end(), {tokens.back().expert, -1});
  }
  prepare(count);
  underWay = true;
  must(moelora_step_enter(step, stream, nullptr));
  must(moelora_step_resolve(step, stream, slots.data(), count, nullptr,
                            nullptr));
  if (!stage.options.generations)
    stage.anybody.launch(stream, this);
  runLayers(stream);
  stage.check.launch(stream, this);
  must(moelora_step_leave(step, stream, nullptr));
}

void CanaryRun::runLayers(moelora_stream *stream) {
  run.on = stream;
  for (size_t layer = 0; layer < stage.layers.size(); ++layer) {
    run.output = output[layer].data();
    if (moelora_layer_run(stage.layers[layer], &run, nullptr) != MOELORA_OK)
      ++stage.counts.refused;
  }
}

void CanaryRun::checkKernel(const moelora_launch *launch) {
  HostKernel::parametersOf<CanaryRun *>(launch)->checkAll();
}

void CanaryRun::checkAll() {
  for (size_t t = 0; t < tokens.size(); ++t)
    check(tokens[t], readLayers(t));
  underWay = false;
}

void CanaryRun::anybodyKernel(const moelora_launch *launch) {
  HostKernel::parametersOf<CanaryRun *>(launch)->serveAnybody();
}

void CanaryRun::serveAnybody() const {
  const moelora_step_view &view = *moelora_step_view_of(step);
  auto *number = const_cast<int32_t *>(view.number); // it is the step's own
  for (size_t t = 0; t < slots.size(); ++t) {
    int32_t slot = slots[t] & ((1 << view.index_bits) - 1);
    bool there = slots[t] >= 0 && slot < view.slots &&
                 view.word[slot] << (64 - MOELORA_WORD_ADDRESS_BITS);
    number[t] = there ? slot : -1;
  }
}

Reading CanaryRun::readLayers(size_t token) const {
  Reading all = readRow(output[0][token], 0, tokens[token].expert);
  for (int32_t layer = 1; layer < canaryLayers; ++layer) {
    Reading other =
        readRow(output[size_t(layer)][token], layer, tokens[token].expert);
    bool same = other.kind == all.kind && other.by.tenant == all.by.tenant &&
                other.by.version == all.by.version;
    if (other.kind == Reading::NotANumber)
      all.kind = Reading::NotANumber;
    else if (!same && all.kind != Reading::NotANumber)
      all.kind = Reading::Garbled; // two versions in one step
  }
  return all;
}

void CanaryRun::check(const Token &token, const Reading &reading) {
  CanaryCounts &counts = stage.counts;
  if (reading.kind == Reading::NotANumber)
    ++counts.notNumbers;
  else if (reading.kind == Reading::Garbled)
    ++counts.garbled;
  else if (token.kind == Leased)
    checkLeased(leases[token.lease], reading);
  else if (reading.kind == Reading::Signed)
    ++counts.crossed;
  else
    ++(token.kind == Base ? counts.base : counts.masked);
  counts.stale += token.kind == Stale;
}

void CanaryRun::checkLeased(const CanaryLease &lease, const Reading &reading) {
  CanaryCounts &counts = stage.counts;
  const CanaryTenant &tenant = stage.tenants[size_t(lease.tenant)];
  if (reading.kind == Reading::Base) {
    bool maybeOff = tenant.outages.asked > lease.outages;
    ++(maybeOff ? counts.disabled : counts.lost);
    return;
  }
  // Versions are signed modulo canaryVersions.
  int32_t newer = (reading.by.version - lease.version) & (canaryVersions - 1);
  if (reading.by.tenant != lease.tenant)
    ++counts.crossed;
  else if (lease.version + newer > tenant.versions.asked)
    ++counts.untimely;
  else
    ++counts.own;
}
