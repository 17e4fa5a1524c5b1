/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter staged into pages, as generated code reads it.
 *
 * One image per adapter, in this order, everything at multiples of 64:
 *
 *     moelora_adapter_index
 *     moelora_adapter_layer [layers of the model]
 *     moelora_pair [experts] or [1], for each layer and projection with any
 *     for each of these, in the same order:
 *         A pages of all its experts, then B pages of all its experts
 *
 * The image is made in memory of the host; `address` is where it will be read,
 * which on some devices is elsewhere.
 */
#ifndef MOELORA_RUNTIME_SLOTPAGES_H
#define MOELORA_RUNTIME_SLOTPAGES_H

#include "AdapterFiles.h"
#include "moelora/runtime/Staging.h"

#include <memory>

namespace moelora {

/// What a table keeps of an adapter, and how.
struct PageFormat {
  /// Checks the options, and copies what they point to.
  explicit PageFormat(const moelora_slot_table_options &options);

  int32_t dtype, order, maxRank;
  std::optional<std::vector<int32_t>> layers;  ///< sorted; nothing: all
  std::optional<std::vector<int32_t>> experts; ///< in local order; likewise
  int32_t tpRank, tpSize;
};

/// Where everything of one adapter goes.
class PagePlan {
public:
  /// Fails where the adapter does not fit the format. Both must outlive it.
  PagePlan(const moelora_adapter &adapter, const PageFormat &format);
  ~PagePlan();

  /// `bytes` is that of the image, not rounded to any granularity.
  const moelora_slot_cost &cost() const;

  /// Reads, converts and pads all pages of the image; every byte of it that
  /// holds a page is written. Fails, as CANCELLED too, and then the image is
  /// worthless. `staging` may be NULL.
  void stagePages(char *image, const moelora_staging *staging) const;

  /// Writes the rest of the image: what describes pages that are read at
  /// `address`. Does not fail or allocate.
  void stageIndex(char *image, const char *address) const noexcept;

private:
  struct Layout;
  std::unique_ptr<Layout> layout;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_SLOTPAGES_H
