/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table as text. Tables with the same text behave in the same way. The
 * text contains no addresses, so different tables and states can be compared.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_TABLETEXT_H
#define MOELORA_TEST_RUNTIME_HOSTILE_TABLETEXT_H

#include "Draft.h"
#include "moelora/runtime/SlotStats.h"

#include <gtest/gtest.h>

namespace moelora::test {

/// The content of a published adapter.
struct Pages {
  std::string pairs; ///< which there are, with their ranks and scales
  std::string bytes; ///< of all their pages
  bool operator==(const Pages &other) const {
    return pairs == other.pairs && bytes == other.bytes;
  }
};

/// Reads a slot of a table of the model of Files.h with these sizes, whose
/// elements have this number of bytes; empty if nothing is published.
Pages readPages(const moelora_slot_table *table, int32_t slot,
                const Sizes &sizes, uint64_t element);

/// One line for each slot, with a hash of its pages, and one for the whole.
std::string describeTable(moelora_slot_table *table, const Sizes &sizes,
                          uint64_t element);

/// The slot of an adapter; -1: there is none of this name.
int32_t findSlot(moelora_slot_table *table, const std::string &name);
moelora_slot_info inspect(moelora_slot_table *table, int32_t slot);

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_TABLETEXT_H
