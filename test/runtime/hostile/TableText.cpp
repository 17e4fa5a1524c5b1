/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads what generated code would read, and what the table says of itself.
 */
#include "TableText.h"

#include <functional>
#include <sstream>

namespace moelora::test {

namespace {

struct PairSize {
  int64_t in, out;
};

PairSize sizeOf(const Sizes &s, int projection) {
  switch (projection) {
  case MOELORA_DOWN:
    return {s.intermediate, s.hidden};
  case MOELORA_ROUTER:
    return {s.hidden, s.experts};
  case MOELORA_SHARED_GATE:
  case MOELORA_SHARED_UP:
    return {s.hidden, s.shared};
  case MOELORA_SHARED_DOWN:
    return {s.shared, s.hidden};
  case MOELORA_SHARED_SCORE:
    return {s.hidden, 1};
  default:
    return {s.hidden, s.intermediate};
  }
}

void addPair(const moelora_pair &pair, PairSize size, uint64_t element,
             Pages &pages) {
  std::ostringstream text;
  text << ' ' << pair.rank << '*' << pair.scale << '/' << pair.shares_a;
  pages.pairs += text.str();
  auto add = [&](const void *from, int64_t length) {
    uint64_t ranks = uint64_t(pair.pages) * MOELORA_PAGE_RANKS;
    pages.bytes.append(static_cast<const char *>(from),
                       ranks * static_cast<uint64_t>(length) * element);
  };
  if (pair.pages) {
    add(pair.a, size.in);
    add(pair.b, size.out);
  }
}

std::string describeCost(const moelora_slot_cost &cost) {
  std::ostringstream text;
  text << " bytes " << cost.bytes << " index " << cost.index_bytes << " pages "
       << cost.pages << " of " << cost.page_bytes << " exact "
       << cost.exact_bytes;
  return text.str();
}

uint64_t entryOf(const moelora_slot_table *table, int32_t slot) {
  moelora_directory directory;
  moelora_slot_table_directory(table, 0, &directory);
  return __atomic_load_n(directory.entry + slot, __ATOMIC_ACQUIRE);
}

int32_t slotsOf(const moelora_slot_table *table) {
  moelora_directory directory;
  moelora_slot_table_directory(table, 0, &directory);
  return directory.slots;
}

} // namespace

Pages readPages(const moelora_slot_table *table, int32_t slot,
                const Sizes &sizes, uint64_t element) {
  constexpr uint64_t address = (uint64_t(1) << 48) - 1;
  auto *index = reinterpret_cast<const moelora_adapter_index *>(
      entryOf(table, slot) & address);
  Pages pages;
  for (uint32_t layer = 0; index && layer < index->layers; ++layer)
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p) {
      const moelora_pair *pairs = index->layer[layer].projection[p];
      pages.pairs += pairs ? "\n" : "-";
      int32_t count = p <= MOELORA_DOWN ? sizes.experts : 1;
      for (int32_t e = 0; pairs && e < count; ++e)
        addPair(pairs[e], sizeOf(sizes, p), element, pages);
    }
  return pages;
}

moelora_slot_info inspect(moelora_slot_table *table, int32_t slot) {
  moelora_slot_info info{};
  EXPECT_EQ(moelora_slot_table_inspect(table, slot, &info), MOELORA_OK);
  return info;
}

int32_t findSlot(moelora_slot_table *table, const std::string &name) {
  for (int32_t slot = 0; slot < slotsOf(table); ++slot)
    if (inspect(table, slot).name == name)
      return slot;
  return -1;
}

std::string describeTable(moelora_slot_table *table, const Sizes &sizes,
                          uint64_t element) {
  // First: this gives back what nobody reads any more.
  moelora_slot_table_stats stats{};
  moelora_slot_table_read_stats(table, &stats);
  std::ostringstream text;
  std::hash<std::string> hash;
  for (int32_t slot = 0; slot < slotsOf(table); ++slot) {
    moelora_slot_info info = inspect(table, slot);
    Pages pages = readPages(table, slot, sizes, element);
    text << slot << ": '" << info.name << "' state " << info.state << " id "
         << info.id << " version " << info.version << " enabled "
         << info.enabled << " leases " << info.leases << " idle " << info.idle
         << " generation " << (entryOf(table, slot) >> 48) << " holds "
         << hash(pages.pairs) << ' ' << hash(pages.bytes)
         << describeCost(info.cost) << '\n';
  }
  text << "used " << stats.used_slots << " leased " << stats.leased_slots
       << " reserved " << stats.reserved_slots << " retired "
       << stats.retired_blocks << ' ' << stats.retired_bytes
       << describeCost(stats.held) << '\n';
  return text.str();
}

} // namespace moelora::test
