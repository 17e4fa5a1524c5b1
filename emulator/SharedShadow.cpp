/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Shadow memory of the shared memory of a thread block.
 */
#include "SharedShadow.h"

using namespace moelora::emulator;

static constexpr uint32_t cellBytes = 4;

static Record recordOf(SharedUse use, const Accessor &by) {
  uint32_t site = by.site < Record::mostSites ? by.site + 1 : 0;
  return {by.thread, use == SharedUse::Atomic, site, by.stamp};
}

static bool isOrdered(const Record &record, const Accessor &by) {
  return record.thread == by.thread || by.knows[record.thread] >= record.stamp;
}

void SharedShadow::reset(uint32_t bytes) {
  uint32_t count = (bytes + cellBytes - 1) / cellBytes;
  cells.assign(count, Cell());
  states.assign(count, 0);
}

std::optional<Conflict> SharedShadow::conflict(const Cell &cell, SharedUse use,
                                               const Accessor &by) {
  bool atomic = use == SharedUse::Atomic;
  if (cell.store.stamp && !(atomic && cell.store.atomic) &&
      !isOrdered(cell.store, by))
    return Conflict{Conflict::Race, 0, cell.store, true};
  if (use == SharedUse::Load)
    return std::nullopt;
  for (const Record &load : cell.loads)
    if (load.stamp && !isOrdered(load, by))
      return Conflict{Conflict::Race, 0, load, false};
  return std::nullopt;
}

void SharedShadow::note(Cell &cell, SharedUse use, const Accessor &by) {
  Record record = recordOf(use, by);
  if (use != SharedUse::Load) {
    cell = {record, {}};
    return;
  }
  // The new load replaces one that is ordered before it, because a store that
  // is ordered after the new load is also ordered after the replaced one. If
  // there is none, it replaces any: a store that races with the replaced load
  // most likely races with another one, too.
  for (Record &load : cell.loads)
    if (!load.stamp || isOrdered(load, by)) {
      load = record;
      return;
    }
  cell.loads[by.thread % Cell::mostLoads] = record;
}

std::optional<Conflict> SharedShadow::accessWhole(uint32_t index, SharedUse use,
                                                  const Accessor &by) {
  if (auto found = conflict(cells[index], use, by))
    return found;
  if (states[index] & Split) {
    for (uint32_t byte = 0; byte < cellBytes; ++byte)
      if (auto found = conflict(parts[index * cellBytes + byte], use, by))
        return found;
    if (use != SharedUse::Load)
      states[index] &= ~Split;
  }
  note(cells[index], use, by);
  return std::nullopt;
}

void SharedShadow::split(uint32_t index) {
  if (parts.size() < cells.size() * cellBytes)
    parts.resize(cells.size() * cellBytes);
  for (uint32_t byte = 0; byte < cellBytes; ++byte)
    parts[index * cellBytes + byte] = {};
  states[index] |= Split;
}

std::optional<Conflict> SharedShadow::accessPart(uint32_t index, uint32_t from,
                                                 uint32_t to, SharedUse use,
                                                 const Accessor &by) {
  if (auto found = conflict(cells[index], use, by))
    return found;
  if (!(states[index] & Split))
    split(index);
  for (uint32_t byte = from; byte < to; ++byte) {
    Cell &part = parts[index * cellBytes + byte];
    if (auto found = conflict(part, use, by))
      return found;
    note(part, use, by);
  }
  return std::nullopt;
}

/// Calls `visit(index, from, to)` for the bytes [from, to) of each cell of a
/// range, until it returns a conflict.
template <typename Visit>
static std::optional<Conflict> eachCell(uint32_t offset, uint32_t bytes,
                                        Visit visit) {
  uint32_t end = offset + bytes;
  for (uint32_t at = offset; at < end;) {
    uint32_t index = at / cellBytes, first = index * cellBytes;
    uint32_t to = std::min(end - first, cellBytes);
    if (std::optional<Conflict> found = visit(index, at - first, to)) {
      found->offset = first;
      return found;
    }
    at = first + cellBytes;
  }
  return std::nullopt;
}

static uint8_t maskOf(uint32_t from, uint32_t to) {
  return ((1u << to) - 1) & ~((1u << from) - 1);
}

std::optional<Conflict> SharedShadow::access(uint32_t offset, uint32_t bytes,
                                             SharedUse use,
                                             const Accessor &by) {
  return eachCell(offset, bytes,
                  [&](uint32_t index, uint32_t from,
                      uint32_t to) -> std::optional<Conflict> {
                    if (states[index] & Copying)
                      return Conflict{Conflict::CopyUnderWay, 0, {}, true};
                    if (use != SharedUse::Load)
                      states[index] |= maskOf(from, to);
                    return to - from == cellBytes
                               ? accessWhole(index, use, by)
                               : accessPart(index, from, to, use, by);
                  });
}

uint32_t SharedShadow::countUnwritten(uint32_t offset, uint32_t bytes) const {
  uint32_t count = 0;
  eachCell(offset, bytes, [&](uint32_t index, uint32_t from, uint32_t to) {
    count += __builtin_popcount(maskOf(from, to) & ~states[index]);
    return std::optional<Conflict>();
  });
  return count;
}

std::optional<Conflict> SharedShadow::beginCopy(uint32_t offset, uint32_t bytes,
                                                const Accessor &by) {
  if (auto found = access(offset, bytes, SharedUse::Store, by))
    return found;
  for (uint32_t at = offset; at < offset + bytes; at += cellBytes)
    states[at / cellBytes] |= Copying;
  return std::nullopt;
}

void SharedShadow::endCopy(uint32_t offset, uint32_t bytes,
                           const Accessor &by) {
  for (uint32_t at = offset; at < offset + bytes; at += cellBytes) {
    states[at / cellBytes] &= ~Copying;
    note(cells[at / cellBytes], SharedUse::Store, by);
  }
}
