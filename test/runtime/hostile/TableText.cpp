/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads what generated code would read, and what the table says of itself.
 */
#include "TableText.h"

#include "../Image.h"
#include "base/Word.h"
#include "slots/SlotTableState.h"

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

void addPair(const Image &image, const moelora_pair &pair, PairSize size,
             uint64_t element, Pages &pages) {
  std::ostringstream text;
  text << ' ' << pair.pages << '*' << pair.scale << '/' << pair.flags;
  pages.pairs += text.str();
  auto add = [&](uint32_t from, int64_t length) {
    uint64_t ranks = uint64_t(pair.pages) * MOELORA_PAGE_RANKS;
    pages.bytes.append(static_cast<const char *>(image.at(from)),
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

/// Whatever the table has stored last: streams are done.
uint64_t wordOf(const moelora_slot_table *table, int32_t slot) {
  return __atomic_load_n(table->words() + slot, __ATOMIC_ACQUIRE);
}

int32_t slotsOf(const moelora_slot_table *table) {
  return static_cast<int32_t>(table->tenants.size());
}

} // namespace

Pages readPages(const moelora_slot_table *table, int32_t slot,
                const Sizes &sizes, uint64_t element) {
  Image image(reinterpret_cast<const void *>(
      moelora::addressOfWord(wordOf(table, slot))));
  Pages pages;
  for (int layer = 0; image && layer < table->format.target.layers(); ++layer)
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p) {
      const moelora_pair *pairs = image.pairs(layer, p);
      pages.pairs += pairs ? "\n" : "-";
      int32_t count = p <= MOELORA_DOWN ? sizes.experts : 1;
      for (int32_t e = 0; pairs && e < count; ++e)
        addPair(image, pairs[e], sizeOf(sizes, p), element, pages);
    }
  return pages;
}

moelora_slot_info inspect(moelora_slot_table *table, int32_t slot) {
  moelora_slot_info info{};
  info.size = sizeof info;
  EXPECT_EQ(moelora_slot_table_inspect(table, slot, &info, nullptr),
            MOELORA_OK);
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
  // Called first, because it frees memory that no step can read any more.
  moelora_slot_table_stats stats{};
  stats.size = sizeof stats;
  EXPECT_EQ(moelora_slot_table_read_stats(table, &stats, nullptr), MOELORA_OK);
  std::ostringstream text;
  std::hash<std::string> hash;
  for (int32_t slot = 0; slot < slotsOf(table); ++slot) {
    moelora_slot_info info = inspect(table, slot);
    Pages pages = readPages(table, slot, sizes, element);
    text << slot << ": '" << info.name << "' state " << info.state << " id "
         << info.id << " version " << info.version << " enabled "
         << info.enabled << " leases " << info.leases << " idle " << info.idle
         << " generation " << moelora::generationOfWord(wordOf(table, slot))
         << " holds " << hash(pages.pairs) << ' ' << hash(pages.bytes)
         << describeCost(info.cost) << '\n';
  }
  text << "used " << stats.used_slots << " leased " << stats.leased_slots
       << " reserved " << stats.reserved_slots << " retired "
       << stats.retired_buffers << ' ' << stats.retired_bytes
       << describeCost(stats.held) << '\n';
  return text.str();
}

} // namespace moelora::test
