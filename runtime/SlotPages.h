/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter staged into pages, as generated code reads it.
 *
 * One block of memory per adapter, in this order, pages at multiples of 64:
 *
 *     moelora_adapter_index
 *     moelora_adapter_layer [layers of the model]
 *     moelora_pair [experts] or [1], for each projection that has any
 *     for each pair: A pages [pages * 16][in], B pages [pages][out][16]
 */
#ifndef MOELORA_RUNTIME_SLOTPAGES_H
#define MOELORA_RUNTIME_SLOTPAGES_H

#include "AdapterFiles.h"

#include <string>

namespace moelora {

/// Zeroed memory from the system, given back as a whole.
class Memory {
public:
  Memory() = default;
  explicit Memory(uint64_t bytes); ///< throws std::bad_alloc
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;
  ~Memory();

  char *data() const { return start; }
  uint64_t size() const { return bytes; }

private:
  char *start = nullptr;
  uint64_t bytes = 0;
};

/// What decides how many pages an adapter takes and what is in them.
struct PageFormat {
  int32_t dtype;
  int32_t maxRank;
  std::vector<int32_t> layers; ///< sorted; kept ones, unless `allLayers`
  bool allLayers;

  bool keeps(int32_t layer) const;
};

/// Bytes that `stage` will ask for; fails on a rank above the bound.
uint64_t stagedBytes(const moelora_adapter &adapter, const PageFormat &format);

/// Reads and converts everything; fails without leaving anything behind. The
/// memory begins with the adapter's moelora_adapter_index.
Memory stage(const moelora_adapter &adapter, const PageFormat &format);

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTPAGES_H
