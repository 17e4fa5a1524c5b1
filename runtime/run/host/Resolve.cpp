// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slot ids to dense slots. A directory entry is read once per run, by the first
// token that names its slot; all later ones are checked against that copy, so a
// generation and the adapter that it vouches for always come from the same
// read. Only slots that tokens name are looked at: the cost does not depend on
// how many there are.
//
// Meanwhile the snapshot of a slot holds
//
//     unread                           no token has read it
//     generation << 48 | Unpublished   there is nothing, or it is disabled
//     generation << 48 | NoLayer       an adapter that has not this layer
//     generation << 48 | address       of its layer

#include "run/host/Services.h"

#include <algorithm>

using namespace moelora;

namespace {

static_assert(sizeof(uint64_t) == sizeof(const moelora_adapter_layer *),
              "a snapshot pointer holds a whole word meanwhile");

using Snapshot = const moelora_adapter_layer *;

constexpr int AddressBits = 48;
constexpr uint64_t AddressMask = (uint64_t(1) << AddressBits) - 1;
/// Not addresses of layers, which are aligned; no generation has all bits set.
constexpr uint64_t Unpublished = 0, NoLayer = 1, Unread = ~uint64_t(0);

Snapshot asSnapshot(uint64_t word) {
  return reinterpret_cast<Snapshot>(uintptr_t(word));
}

uint64_t asWord(Snapshot snapshot) {
  return reinterpret_cast<uintptr_t>(snapshot);
}

/// The slot that an id names, if the directory has it; else -1.
int32_t slotOf(int32_t id, int32_t slots) {
  int32_t slot = id & ((1 << MOELORA_SLOT_INDEX_BITS) - 1);
  return id >= 0 && inRange(slot, slots) ? slot : -1;
}

/// An entry with the address of the layer in place of the adapter's.
uint64_t readEntry(const moelora_directory &directory, int32_t slot) {
  uint64_t entry = __atomic_load_n(&directory.entry[slot], __ATOMIC_ACQUIRE);
  auto *index = reinterpret_cast<const moelora_adapter_index *>(
      uintptr_t(entry & AddressMask));
  if (!index)
    return entry | Unpublished;
  uint64_t generation = entry & ~AddressMask;
  bool has = uint32_t(directory.layer) < index->layers;
  return generation | (has ? asWord(&index->layer[directory.layer]) : NoLayer);
}

/// What a run counts.
struct Counts {
  uint64_t masked = 0, stale = 0;
};

/// The token's slot, or -1; its entry is in the snapshot then.
int32_t resolve(const moelora_directory &directory, int32_t id, int32_t slot,
                Snapshot *snapshot, Counts &counts) {
  uint64_t word = slot < 0 ? Unpublished : asWord(snapshot[slot]);
  if (word == Unread) {
    word = readEntry(directory, slot);
    snapshot[slot] = asSnapshot(word);
  }
  bool current = word >> AddressBits == uint32_t(id) >> MOELORA_SLOT_INDEX_BITS;
  counts.stale += slot >= 0 && !current;
  uint64_t layer = word & AddressMask;
  bool masked = slot < 0 || !current || layer == Unpublished;
  counts.masked += masked && id != -1;
  return masked || layer == NoLayer ? -1 : slot;
}

void add(const Counts &counts, const moelora_directory &directory,
         moelora_run_stats *stats) {
  stats->masked_slots += counts.masked;
  stats->stale_slots += counts.stale;
  if (!directory.counters || !counts.masked)
    return; // most runs write nothing that others write too
  __atomic_fetch_add(&directory.counters->masked, counts.masked,
                     __ATOMIC_RELAXED);
  __atomic_fetch_add(&directory.counters->stale, counts.stale,
                     __ATOMIC_RELAXED);
}

} // namespace

void moelora::resolveSlots(const moelora_directory *directory,
                           const int32_t *ids, int64_t tokens, int32_t slots,
                           int32_t *dense, Snapshot *snapshot,
                           moelora_run_stats *stats) {
  if (!directory) {
    std::fill(dense, dense + tokens, -1);
    return;
  }
  int32_t known = std::min(directory->slots, slots);
  for (int64_t token = 0; token < tokens; ++token)
    if (int32_t slot = slotOf(ids[token], known); slot >= 0)
      snapshot[slot] = asSnapshot(Unread);
  Counts counts;
  for (int64_t token = 0; token < tokens; ++token)
    dense[token] = resolve(*directory, ids[token], slotOf(ids[token], known),
                           snapshot, counts);
  for (int64_t token = 0; token < tokens; ++token)
    if (int32_t slot = dense[token]; slot >= 0)
      snapshot[slot] = asSnapshot(asWord(snapshot[slot]) & AddressMask);
  add(counts, *directory, stats);
}
