// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slot ids to dense slots. Every directory entry is read once, into the place
// of its snapshot; tokens are checked against that copy, so a generation and
// the adapter that it vouches for always come from the same read.

#include "Services.h"

#include <algorithm>

using namespace moelora;

namespace {

static_assert(sizeof(uint64_t) == sizeof(const moelora_adapter_layer *),
              "a snapshot pointer first holds its whole directory entry");

constexpr int AddressBits = 48;

const moelora_adapter_layer *asSnapshot(uint64_t entry) {
  return reinterpret_cast<const moelora_adapter_layer *>(uintptr_t(entry));
}

uint64_t asEntry(const moelora_adapter_layer *snapshot) {
  return reinterpret_cast<uintptr_t>(snapshot);
}

void readEntries(const moelora_directory *directory, int32_t slots,
                 const moelora_adapter_layer **snapshot) {
  int32_t known = directory ? std::clamp(directory->slots, 0, slots) : 0;
  for (int32_t slot = 0; slot < known; ++slot)
    snapshot[slot] =
        asSnapshot(__atomic_load_n(&directory->entry[slot], __ATOMIC_RELAXED));
  std::fill(snapshot + known, snapshot + std::max(known, slots), nullptr);
}

/// The layer of a published adapter; NULL when it has nothing there.
const moelora_adapter_layer *findLayer(uint64_t entry, int32_t layer) {
  uint64_t address = entry & ((uint64_t(1) << AddressBits) - 1);
  auto *index =
      reinterpret_cast<const moelora_adapter_index *>(uintptr_t(address));
  if (!index || layer < 0 || uint32_t(layer) >= index->layers)
    return nullptr;
  return &index->layer[layer];
}

/// The slot that an id names, or -1 when it names none that is published.
int32_t slotOf(int32_t id, int32_t slots,
               const moelora_adapter_layer *const *snapshot) {
  int32_t slot = id & ((1 << MOELORA_SLOT_INDEX_BITS) - 1);
  if (id < 0 || !inRange(slot, slots))
    return -1;
  uint64_t entry = asEntry(snapshot[slot]);
  bool published = (entry << (64 - AddressBits)) != 0;
  bool current =
      entry >> AddressBits == uint32_t(id) >> MOELORA_SLOT_INDEX_BITS;
  return published && current ? slot : -1;
}

} // namespace

void moelora::resolveSlots(const moelora_directory *directory,
                           const int32_t *ids, int64_t tokens, int32_t slots,
                           int32_t *dense,
                           const moelora_adapter_layer **snapshot,
                           moelora_run_stats *stats) {
  readEntries(directory, slots, snapshot);
  for (int64_t token = 0; token < tokens; ++token) {
    int32_t id = directory ? ids[token] : -1;
    dense[token] = slotOf(id, slots, snapshot);
    stats->masked_slots += dense[token] < 0 && id != -1;
  }
  for (int32_t slot = 0; slot < slots; ++slot)
    snapshot[slot] = directory
                         ? findLayer(asEntry(snapshot[slot]), directory->layer)
                         : nullptr;
  // An adapter without this layer is like no adapter here, and not a bad id.
  for (int64_t token = 0; token < tokens; ++token)
    if (dense[token] >= 0 && !snapshot[dense[token]])
      dense[token] = -1;
}
