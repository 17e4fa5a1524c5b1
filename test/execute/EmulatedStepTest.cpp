// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Steps on a device that does not run kernels of the host: the entry point of a
// program resolves ids to what the cpu resolves them to.

#include "EmulatedLayers.h"

#include "moelora/runtime/SlotStats.h"

using namespace moelora::test;
using testing::ElementsAre;

namespace {

moelora_run_stats statsOf(const TableOf &table) {
  moelora_slot_table_stats stats = {};
  stats.size = sizeof stats;
  EXPECT_EQ(errorOf(moelora_slot_table_read_stats, table.table, &stats), "");
  return stats.runs;
}

/// A table on a device. Slot 0 has its second tenant, slot 1 its first one, and
/// slot 2 a disabled one.
struct Tenants : TableOf {
  Tenants(const moelora_facts &facts, const moelora_device &device)
      : TableOf(facts, &device) {
    gone = add("gone");
    first = add("first");
    off = add("off");
    EXPECT_EQ(errorOf(moelora_slot_table_evict, table, gone), "");
    second = add("second");
    EXPECT_EQ(errorOf(moelora_slot_table_enable, table, off, 0,
                      static_cast<moelora_stream *>(nullptr)),
              "");
  }
  int32_t gone, first, off, second;
};

class EmulatedStep : public testing::TestWithParam<const char *> {
protected:
  using Ids = std::vector<int32_t>;

  std::string resolve(moelora_step *step, const Ids &ids,
                      const int32_t *valid = nullptr) {
    uploads.push_back(std::make_unique<DeviceArray>(*device, ids));
    return errorOf(
        moelora_step_resolve, step, static_cast<moelora_stream *>(nullptr),
        uploads.back()->data<const int32_t>(), int64_t(ids.size()), valid);
  }
  /// Memory of the step, copied to the host.
  template <typename T> std::vector<T> read(const T *from, size_t count) {
    std::vector<T> values(count);
    EXPECT_EQ(errorOf((*device).copy, (*device).context,
                      static_cast<moelora_stream *>(nullptr),
                      static_cast<void *>(values.data()),
                      static_cast<const void *>(from), count * sizeof(T)),
              "");
    EXPECT_EQ(errorOf((*device).stream_synchronize, (*device).context,
                      static_cast<moelora_stream *>(nullptr)),
              "");
    return values;
  }
  Ids numbers(const StepOf &of, size_t count) {
    return read(moelora_step_view_of(of.step)->number, count);
  }
  /// What the cpu resolves the ids to, and what it counts.
  Ids onCpu(const Ids &ids, const int32_t *valid, moelora_run_stats &counted) {
    Tenants tenants(made.made().adapters, *moelora_device_cpu());
    StepOf pass(tenants.table, int64_t(ids.size()));
    pass.enter();
    EXPECT_EQ(errorOf(moelora_step_resolve, pass.step,
                      static_cast<moelora_stream *>(nullptr), ids.data(),
                      int64_t(ids.size()), valid),
              "");
    const int32_t *number = moelora_step_view_of(pass.step)->number;
    Ids found(number, number + ids.size());
    pass.leave();
    counted = statsOf(tenants);
    return found;
  }

  OpenDevice device{GetParam()};
  EmulatedProgram made{*device};
  Tenants tenants{made.made().adapters, *device};
  StepOf step{tenants.table, 100, made.program};
  std::vector<std::unique_ptr<DeviceArray>> uploads;
};

TEST_P(EmulatedStep, ResolvesWhatTheCpuResolves) {
  Ids ids = {-1, tenants.second, tenants.first, tenants.off, tenants.gone, 3, 8,
             -2, INT32_MIN,      INT32_MAX,     1 << 30,     1 << 2};
  while (ids.size() < 100)
    ids.push_back(ids[ids.size() * 5 % 12]);
  const int32_t most = int32_t(ids.size());
  moelora_run_stats before = {};
  for (int32_t valid : {most, most + 1, INT32_MAX, 7, 1, 0, -1, INT32_MIN}) {
    SCOPED_TRACE(valid);
    moelora_run_stats counted = {};
    Ids expected = onCpu(ids, &valid, counted);
    DeviceArray there(*device, std::vector<int32_t>{valid});
    step.enter();
    EXPECT_EQ(resolve(step.step, ids, there.data<int32_t>()), "");
    EXPECT_EQ(numbers(step, ids.size()), expected);
    step.leave();
    moelora_run_stats after = statsOf(tenants);
    EXPECT_EQ(after.masked_slots - before.masked_slots, counted.masked_slots);
    EXPECT_EQ(after.stale_slots - before.stale_slots, counted.stale_slots);
    EXPECT_EQ(after.outside_steps, 0u);
    before = after;
  }
}

TEST_P(EmulatedStep, WithoutValidTokensAllAre) {
  step.enter();
  EXPECT_EQ(resolve(step.step, {}), "");
  EXPECT_EQ(resolve(step.step, {tenants.first, tenants.second, -1}), "");
  EXPECT_THAT(numbers(step, 3), ElementsAre(1, 0, -1));
  step.leave();
}

TEST_P(EmulatedStep, OutsideAllIsBaseAndCounted) {
  EXPECT_EQ(resolve(step.step, {tenants.first, tenants.second, 12345}), "");
  EXPECT_THAT(numbers(step, 3), ElementsAre(-1, -1, -1));
  EXPECT_THAT(read(moelora_step_view_of(step.step)->word, 4),
              ElementsAre(0, 0, 0, 0));
  step.enter();
  step.leave();
  int32_t valid = 2;
  DeviceArray there(*device, std::vector<int32_t>{valid});
  EXPECT_EQ(resolve(step.step, {tenants.first, tenants.second, -1},
                    there.data<int32_t>()),
            "");
  EXPECT_THAT(numbers(step, 3), ElementsAre(-1, -1, -1));
  moelora_run_stats counted = statsOf(tenants);
  EXPECT_EQ(counted.outside_steps, 5u);
  EXPECT_EQ(counted.masked_slots, 0u);
}

/// A step sees what was published before it, in the words and for all tokens.
TEST_P(EmulatedStep, SeesWhatIsPublished) {
  const uint64_t *words = moelora_step_view_of(step.step)->word;
  step.enter();
  EXPECT_EQ(resolve(step.step, {tenants.off, tenants.first}), "");
  std::vector<uint64_t> before = read(words, 3);
  step.leave();
  EXPECT_EQ(errorOf(moelora_slot_table_enable, tenants.table, tenants.off, 1,
                    static_cast<moelora_stream *>(nullptr)),
            "");
  step.enter();
  EXPECT_EQ(read(words, 3), before);
  EXPECT_EQ(resolve(step.step, {tenants.off, tenants.first}), "");
  EXPECT_THAT(numbers(step, 2), ElementsAre(2, 1));
  EXPECT_NE(read(words, 3)[2], before[2]);
  EXPECT_EQ(read(words, 3)[1], before[1]);
  step.leave();
}

INSTANTIATE_TEST_SUITE_P(, EmulatedStep,
                         testing::Values("emulator",
                                         "emulator:schedule=random,seed=1",
                                         "emulator:schedule=adversarial,seed=2",
                                         "cuda"));

} // namespace
