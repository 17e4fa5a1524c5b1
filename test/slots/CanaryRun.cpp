/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CanaryRun.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

using namespace moelora::test;

extern "C" const moelora_artifact *moelora_query(uint32_t version);

namespace {

constexpr uint16_t one = 0x3f80; // of bf16
constexpr size_t workspaceAlignment = 64;

/// Ids that no table hands out: of slots that it has not, and negative ones.
constexpr int32_t unknownIds[] = {4,         7,  0xffff,   1 << 16 | 4,
                                  INT32_MAX, -2, -0x10000, INT32_MIN};

template <typename T>
moelora_buffer bufferOf(const std::vector<T> &data, int32_t dtype) {
  return {data.data(), data.size() * sizeof(T), dtype, 0};
}

} // namespace

CanaryRun::CanaryRun(CanaryStage &stage) : stage(stage) {
  call.entry = MOELORA_ENTRY_IDS;
  call.operand[MOELORA_GATE_UP_WEIGHT] =
      bufferOf(stage.weights.gateUp, MOELORA_BF16);
  call.operand[MOELORA_DOWN_WEIGHT] =
      bufferOf(stage.weights.down, MOELORA_BF16);
  call.directory = &directory;
  call.services = &stage.services;
  call.stats = &stats;
}

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

void CanaryRun::fillCall(int64_t count) {
  auto size = static_cast<size_t>(count);
  const moelora_artifact *artifact = moelora_query(MOELORA_ABI_VERSION);
  uint64_t bytes = artifact->workspace_bytes(count, stage.services.workers);
  hidden.assign(size, CanaryRow{one});
  output.assign(size, CanaryRow{});
  expertWeights.assign(size * canaryChoices, 1);
  workspace.resize(bytes + workspaceAlignment);
  call.tokens = count;
  call.operand[MOELORA_HIDDEN] = bufferOf(hidden, MOELORA_BF16);
  call.operand[MOELORA_SLOTS] = bufferOf(slots, MOELORA_I32);
  call.operand[MOELORA_EXPERT_IDS] = bufferOf(experts, MOELORA_I32);
  call.operand[MOELORA_EXPERT_WEIGHTS] = bufferOf(expertWeights, MOELORA_F32);
  call.output = output.data();
  call.output_bytes = size * sizeof(CanaryRow);
  auto address = reinterpret_cast<uintptr_t>(workspace.data());
  call.workspace = workspace.data() + (-address % workspaceAlignment);
  call.workspace_bytes = bytes;
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
  auto layer = static_cast<int32_t>(random() % canaryLayers);
  moelora_slot_table_directory(stage.table, layer, &directory);
  fillCall(count);
  underWay = true;
  CanaryRun *self = this;
  moelora_host_kernel kernel = [](const moelora_launch *launch) {
    (*static_cast<CanaryRun *const *>(launch->parameters))->run();
  };
  moelora_launch launch = {};
  launch.kernel = reinterpret_cast<const moelora_kernel *>(kernel);
  for (int axis = 0; axis < 3; ++axis)
    launch.grid[axis] = launch.block[axis] = 1;
  launch.parameter_bytes = sizeof self;
  launch.parameters = &self;
  const moelora_device &device = stage.device;
  if (device.launch(device.context, stream, &launch, 1, nullptr) != MOELORA_OK)
    throw std::runtime_error("expects the cpu to launch");
}

void CanaryRun::run() {
  const moelora_artifact *artifact = moelora_query(MOELORA_ABI_VERSION);
  if (moelora_layer_run(artifact, &call, nullptr) == MOELORA_OK)
    for (size_t t = 0; t < tokens.size(); ++t)
      check(tokens[t], output[t]);
  else
    ++stage.counts.refused;
  underWay = false;
}

void CanaryRun::check(const Token &token, const CanaryRow &row) {
  CanaryCounts &counts = stage.counts;
  Reading reading = readRow(row, directory.layer, token.expert);
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
