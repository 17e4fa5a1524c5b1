/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "ranks/Moves.h"

#include "base/Failure.h"

#include <thread>

using namespace moelora;

static_assert(int(SlotState::Free) == SlotEntry::Free &&
                  int(SlotState::Reserved) == SlotEntry::Reserved &&
                  int(SlotState::Live) == SlotEntry::Live &&
                  int(SlotState::Closed) == SlotEntry::Closed,
              "entries have the states of slots");

std::vector<SlotEntry> moelora::entriesOf(moelora_slot_table &table) {
  SlotTableChange change(table);
  std::vector<SlotEntry> entries(table.tenants.size());
  for (size_t slot = 0; slot < entries.size(); ++slot) {
    const SlotState &state = table.core.slots()[slot];
    SlotEntry &entry = entries[slot];
    entry.state = state.state;
    entry.generation = state.generation;
    entry.broken = state.broken;
    if (!entry.live())
      continue;
    entry.version = state.version;
    entry.enabled = state.enabled;
    entry.idle = table.core.idle(int32_t(slot));
    entry.used = state.used;
    entry.name = table.tenants[slot].name;
  }
  return entries;
}

Moves::Moves(moelora_slot_table &table, moelora_staged *staged,
             std::vector<Move> moves)
    : table(table), staged(staged), moves(std::move(moves)) {
  SlotTableChange change(table);
  table.expectNotHeld();
  std::vector<int32_t> slots;
  for (const Move &move : this->moves) {
    slots.push_back(move.slot);
    if (move.kind == Move::Evict) {
      checkEviction(table, move.slot, move.generation);
      continue;
    }
    auto state = table.core.at(move.slot).state;
    if (staged->replaces < 0 &&
        (state == SlotState::Free || state == SlotState::Reserved))
      staged->takeSlot(move.slot);
    checkTarget(*staged, move.slot, move.generation);
  }
  table.held = std::move(slots);
}

Moves::~Moves() {
  std::lock_guard<std::mutex> lock(table.mutex);
  table.held.clear();
}

void Moves::evict(const Move &move, moelora_stream *stream) {
  for (;; std::this_thread::yield()) {
    SlotTableChange change(table);
    if (table.mustWait(move.slot, stream))
      continue;
    return evictAt(change, table, move.slot, move.generation, stream);
  }
}

int32_t Moves::make(moelora_stream *stream) {
  int32_t id = -1;
  for (const Move &move : moves) {
    if (move.kind == Move::Evict) {
      evict(move, stream);
      continue;
    }
    id = publish(*staged, stream, [&] {
      return checkTarget(*staged, move.slot, move.generation);
    });
    delete staged;
  }
  return id;
}
