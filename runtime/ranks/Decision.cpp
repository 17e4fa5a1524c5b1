/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "ranks/Decision.h"

#include "base/Failure.h"
#include "base/Word.h"

#include <algorithm>
#include <optional>
#include <tuple>

using namespace moelora;

namespace {

using Statements = std::vector<Statement>;

std::string onRank(size_t rank) {
  return " on peer rank " + std::to_string(rank);
}

/// "'alice' of generation 2 and version 0".
std::string shown(const SlotEntry &entry) {
  if (entry.state == SlotEntry::Closed)
    return "no adapter and no further generation";
  std::string generation = std::to_string(entry.generation);
  if (!entry.live())
    return "no adapter, but the next generation " + generation;
  return "'" + entry.name + "' of generation " + generation + " and version " +
         std::to_string(entry.version) + (entry.enabled ? "" : ", disabled");
}

[[noreturn]] void failDifferent(const Statements &all, size_t slot, size_t a,
                                size_t b, const std::string &more = "") {
  fail("expects the slot tables of all peer ranks to be equal, but slot " +
       std::to_string(slot) + " has " + shown(all[a].slots[slot]) + onRank(a) +
       " and " + shown(all[b].slots[slot]) + onRank(b) + more);
}

void expectSameCall(const Statements &all) {
  static const char *const names[] = {"moelora_group_publish",
                                      "moelora_group_evict",
                                      "moelora_group_reconcile"};
  auto nameOf = [&](const Statement &of) {
    return std::string(of.call < 0 || of.call > Statement::Reconcile
                           ? "another function"
                           : names[of.call]);
  };
  for (size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank].call != all[0].call)
      fail("expects all peer ranks to make the same call, but peer rank 0 "
           "calls " +
           nameOf(all[0]) + " and peer rank " + std::to_string(rank) + " " +
           nameOf(all[rank]));
}

void expectNoFailure(const Statements &all) {
  for (size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank].status != MOELORA_OK)
      fail("peer rank " + std::to_string(rank) + ": " + all[rank].text,
           moelora_status(all[rank].status));
}

void expectSameSlots(const Statements &all) {
  for (size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank].slots.size() != all[0].slots.size())
      fail("expects slot tables of one size, but they have " +
           std::to_string(all[0].slots.size()) + " slots" + onRank(0) +
           " and " + std::to_string(all[rank].slots.size()) + onRank(rank));
}

bool sameTenant(const SlotEntry &a, const SlotEntry &b) {
  if (!a.live() || !b.live())
    return a.live() == b.live();
  return a.name == b.name && a.generation == b.generation &&
         a.version == b.version && a.enabled == b.enabled;
}

/// Free slots may have different next generations.
void expectSameTenants(const Statements &all) {
  for (size_t slot = 0; slot < all[0].slots.size(); ++slot)
    for (size_t rank = 1; rank < all.size(); ++rank)
      if (!sameTenant(all[0].slots[slot], all[rank].slots[slot]))
        failDifferent(all, slot, 0, rank,
                      "; moelora_group_reconcile makes them equal");
}

uint32_t generationsOfSlots(const Statements &all) {
  return generationsOf(indexBitsOf(int32_t(all[0].slots.size())));
}

/// The slot of an id, which all peer ranks have.
size_t slotOfTenant(const Statements &all, int32_t id) {
  const std::vector<SlotEntry> &slots = all[0].slots;
  int bits = indexBitsOf(int32_t(slots.size()));
  size_t slot = size_t(slotOfId(id, bits));
  if (id < 0 || slot >= slots.size() || !slots[slot].live() ||
      slots[slot].generation != generationOfId(id, bits))
    fail("expects the id of a present adapter, but " + std::to_string(id) +
             " is of none",
         MOELORA_STALE);
  return slot;
}

/// The least generation that a new adapter in a slot has on all peer ranks.
uint32_t nextGeneration(const Statements &all, size_t slot) {
  uint32_t next = 0;
  for (const Statement &each : all) {
    const SlotEntry &entry = each.slots[slot];
    next = std::max(next, entry.generation + entry.live());
  }
  return next;
}

/// Whether a new adapter may have the slot, which is free or has an idle one.
bool maySettle(const Statements &all, size_t slot, bool free) {
  for (const Statement &each : all) {
    const SlotEntry &entry = each.slots[slot];
    bool fits = free ? entry.state == SlotEntry::Free ||
                           entry.state == SlotEntry::Reserved
                     : entry.live() && entry.idle;
    if (!fits || entry.broken)
      return false;
  }
  return nextGeneration(all, slot) < generationsOfSlots(all);
}

size_t chooseSlot(const Statements &all) {
  size_t slots = all[0].slots.size();
  for (size_t slot = 0; slot < slots; ++slot)
    if (maySettle(all, slot, true))
      return slot;
  std::optional<size_t> oldest;
  auto used = [&](size_t slot) { return all[0].slots[slot].used; };
  for (size_t slot = 0; slot < slots; ++slot)
    if (maySettle(all, slot, false) && (!oldest || used(slot) < used(*oldest)))
      oldest = slot;
  if (!oldest)
    fail("no slot is free on all peer ranks, and no adapter is idle on all",
         MOELORA_FULL);
  return *oldest;
}

std::string shownStaged(const Statement &of) {
  return "'" + of.name + "'" +
         (of.replaces < 0 ? "" : " for the id " + std::to_string(of.replaces));
}

Move publish(const Statements &all) {
  for (size_t rank = 1; rank < all.size(); ++rank)
    if (all[rank].name != all[0].name || all[rank].replaces != all[0].replaces)
      fail("expects all peer ranks to publish the same adapter, but it is " +
           shownStaged(all[0]) + onRank(0) + " and " + shownStaged(all[rank]) +
           onRank(rank));
  if (all[0].replaces >= 0) {
    size_t slot = slotOfTenant(all, all[0].replaces);
    return {int32_t(slot), all[0].slots[slot].generation, Move::Publish};
  }
  size_t slot = chooseSlot(all);
  return {int32_t(slot), nextGeneration(all, slot), Move::Publish};
}

void expectIdle(const Statements &all, size_t slot, size_t rank) {
  const SlotEntry &entry = all[rank].slots[slot];
  if (!entry.idle)
    fail("expects an idle adapter, but '" + entry.name +
             "' is leased, or a step from before its release or a store of it "
             "is still on its way," +
             onRank(rank),
         MOELORA_BUSY);
}

Move evict(const Statements &all) {
  for (size_t rank = 1; rank < all.size(); ++rank)
    if (all[rank].evicts != all[0].evicts)
      fail("expects all peer ranks to evict the same id, but it is " +
           std::to_string(all[0].evicts) + onRank(0) + " and " +
           std::to_string(all[rank].evicts) + onRank(rank));
  size_t slot = slotOfTenant(all, all[0].evicts);
  for (size_t rank = 0; rank < all.size(); ++rank)
    expectIdle(all, slot, rank);
  return {int32_t(slot), nextGeneration(all, slot), Move::Evict};
}

/// How far a slot is: the order of what happens in it.
using Progress = std::tuple<uint32_t, bool, int32_t>;

Progress progressOf(const SlotEntry &entry) {
  bool closed = entry.state == SlotEntry::Closed;
  return {entry.generation + closed, entry.live(),
          entry.live() ? entry.version : 0};
}

/// Whether what a peer rank has staged brings its slot to this state.
bool leadsTo(const Statement &of, size_t slot, const SlotEntry &furthest) {
  const SlotEntry &own = of.slots[slot];
  if (of.name.empty() || of.name != furthest.name || !furthest.enabled)
    return false;
  if (of.replaces < 0)
    return furthest.version == 0;
  return own.live() && own.name == of.name &&
         own.generation == furthest.generation &&
         own.version + 1 == furthest.version;
}

/// The move of one slot of one peer rank.
std::optional<Move> reconcileSlot(const Statements &all, size_t slot,
                                  size_t furthest, size_t rank) {
  const SlotEntry &own = all[rank].slots[slot];
  const SlotEntry &goal = all[furthest].slots[slot];
  uint32_t generation = std::get<0>(progressOf(goal));
  bool behind = progressOf(own) < progressOf(goal);
  if (!behind && !sameTenant(own, goal))
    failDifferent(all, slot, furthest, rank);
  if (!behind || (!own.live() && !goal.live()))
    return std::nullopt;
  if (goal.live() && !leadsTo(all[rank], slot, goal))
    failDifferent(all, slot, furthest, rank,
                  ", which has not staged what it lacks");
  bool ends = own.live() && own.generation != generation;
  if (ends)
    expectIdle(all, slot, rank);
  return Move{int32_t(slot), generation,
              goal.live() ? Move::Publish : Move::Evict};
}

/// Decides for all peer ranks, because all fail if one cannot follow.
std::vector<Move> reconcile(const Statements &all, size_t rank) {
  std::vector<Move> moves;
  for (size_t slot = 0; slot < all[0].slots.size(); ++slot) {
    auto less = [&](const Statement &a, const Statement &b) {
      return progressOf(a.slots[slot]) < progressOf(b.slots[slot]);
    };
    size_t furthest =
        size_t(std::max_element(all.begin(), all.end(), less) - all.begin());
    for (size_t each = 0; each < all.size(); ++each) {
      std::optional<Move> move = reconcileSlot(all, slot, furthest, each);
      if (move && each == rank)
        moves.push_back(*move);
    }
  }
  return moves;
}

} // namespace

std::vector<Move> moelora::decide(const Statements &all, size_t rank) {
  expectSameCall(all);
  expectNoFailure(all);
  expectSameSlots(all);
  if (all[0].call == Statement::Reconcile)
    return reconcile(all, rank);
  expectSameTenants(all);
  return {all[0].call == Statement::Publish ? publish(all) : evict(all)};
}
