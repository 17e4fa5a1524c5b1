// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slot ids to dense slots, on directories made by hand.

#include "Services.h"

#include "moelora/reference/Ops.h"

#include <gmock/gmock.h>

#include <random>

using namespace moelora::test;
using testing::ElementsAre;

namespace {

uint64_t entryOf(uint32_t generation, const moelora_adapter_index *index) {
  return uint64_t(generation) << 48 | reinterpret_cast<uintptr_t>(index);
}

int32_t idOf(uint32_t generation, int32_t slot) {
  return int32_t(generation << MOELORA_SLOT_INDEX_BITS) | slot;
}

/// Two adapters: one with layers 0 and 1, one with layer 0 only.
struct Resolve : testing::Test {
  moelora_adapter_layer layers[3] = {};
  moelora_adapter_index both = {2, 0, layers}, first = {1, 0, layers + 2};
  std::vector<uint64_t> entries = {entryOf(0, &both), entryOf(5, &first),
                                   entryOf(7, nullptr), entryOf(32767, &both)};
  std::vector<int32_t> dense;
  std::vector<const moelora_adapter_layer *> snapshot;
  moelora_run_stats stats = {};
  moelora_id_counters *counters = nullptr;

  void resolve(const std::vector<int32_t> &ids, int32_t layer, int32_t slots,
               bool published = true) {
    moelora_directory directory = {entries.data(), counters,
                                   int32_t(entries.size()), layer};
    dense.assign(ids.size(), 99);
    snapshot.assign(size_t(slots), layers);
    serialServices().resolve_slots(published ? &directory : nullptr, ids.data(),
                                   int64_t(ids.size()), slots, dense.data(),
                                   snapshot.data(), &stats);
  }
};

TEST_F(Resolve, FindsWhatIsPublished) {
  resolve({idOf(0, 0), -1, idOf(5, 1), idOf(32767, 3)}, 0, 4);
  EXPECT_THAT(dense, ElementsAre(0, -1, 1, 3));
  EXPECT_EQ(snapshot[0], layers);
  EXPECT_EQ(snapshot[1], layers + 2);
  EXPECT_EQ(snapshot[3], layers);
  EXPECT_EQ(stats.masked_slots, 0u);
}

TEST_F(Resolve, MasksStaleGenerations) {
  resolve({idOf(1, 0), idOf(4, 1), idOf(6, 1), idOf(0, 3)}, 0, 4);
  EXPECT_THAT(dense, ElementsAre(-1, -1, -1, -1));
  EXPECT_EQ(stats.masked_slots, 4u);
  EXPECT_EQ(stats.stale_slots, 4u);
}

TEST_F(Resolve, MasksDisabledSlots) {
  resolve({idOf(7, 2)}, 0, 4);
  EXPECT_THAT(dense, ElementsAre(-1));
  EXPECT_EQ(stats.masked_slots, 1u);
}

TEST_F(Resolve, MasksIdsOutOfRange) {
  resolve({4, 65535, -2, INT32_MIN, INT32_MAX}, 0, 4);
  EXPECT_THAT(dense, ElementsAre(-1, -1, -1, -1, -1));
  EXPECT_EQ(stats.masked_slots, 5u);
  EXPECT_EQ(stats.stale_slots, 0u);
}

// Many tokens of one slot, current and stale in any order: all are checked
// against one read of its entry.
TEST_F(Resolve, OneSlotNamedByManyTokens) {
  resolve({idOf(4, 1), idOf(5, 1), idOf(6, 1), idOf(5, 1)}, 0, 4);
  EXPECT_THAT(dense, ElementsAre(-1, 1, -1, 1));
  EXPECT_EQ(snapshot[1], layers + 2);
  EXPECT_EQ(stats.masked_slots, 2u);
}

TEST_F(Resolve, CountsForTheWholeTable) {
  moelora_id_counters total = {100, 10};
  counters = &total;
  resolve({idOf(0, 0), idOf(4, 1), -2, -1, idOf(7, 2)}, 0, 4);
  EXPECT_EQ(total.masked, 103u);
  EXPECT_EQ(total.stale, 11u);
}

TEST_F(Resolve, AddsToTheStatistics) {
  stats.masked_slots = 10;
  resolve({4, -1}, 0, 4);
  EXPECT_EQ(stats.masked_slots, 11u);
}

TEST_F(Resolve, LayerThatAnAdapterLacksIsNoDelta) {
  resolve({idOf(0, 0), idOf(5, 1)}, 1, 4);
  EXPECT_THAT(dense, ElementsAre(0, -1));
  EXPECT_EQ(snapshot[0], layers + 1);
  EXPECT_EQ(stats.masked_slots, 0u);
}

TEST_F(Resolve, LayerNumbersOutOfRangeAreNoDelta) {
  resolve({idOf(0, 0)}, -1, 4);
  EXPECT_THAT(dense, ElementsAre(-1));
  resolve({idOf(0, 0)}, 2, 4);
  EXPECT_THAT(dense, ElementsAre(-1));
}

TEST_F(Resolve, WithoutDirectoryEveryTokenIsBase) {
  resolve({0, 1, -1}, 0, 2, /*published=*/false);
  EXPECT_THAT(dense, ElementsAre(-1, -1, -1));
  EXPECT_EQ(stats.masked_slots, 0u);
}

TEST_F(Resolve, SmallerOfDirectoryAndLayerCounts) {
  resolve({idOf(0, 0), idOf(5, 1), idOf(32767, 3)}, 0, 1);
  EXPECT_THAT(dense, ElementsAre(0, -1, -1));
  resolve({idOf(0, 0), 6}, 0, 8);
  EXPECT_THAT(dense, ElementsAre(0, -1));
}

TEST_F(Resolve, AgreesWithTheReferenceOnRandomIds) {
  std::mt19937 random(3);
  std::vector<int32_t> ids;
  for (int i = 0; i < 20000; ++i) {
    bool near = random() % 2;
    ids.push_back(near ? idOf(random() % 8, int32_t(random() % 6))
                       : int32_t(random()));
  }
  resolve(ids, 0, 4);
  for (size_t i = 0; i < ids.size(); ++i)
    ASSERT_EQ(dense[i], moelora::reference::resolveSlot(ids[i], entries))
        << "id " << ids[i];
}

} // namespace
