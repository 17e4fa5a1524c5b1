/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The parts of each adapter that a slot table keeps, and their form.
 */
#ifndef MOELORA_RUNTIME_PAGEFORMAT_H
#define MOELORA_RUNTIME_PAGEFORMAT_H

#include "moelora/runtime/Staging.h"
#include "pages/TableTarget.h"

#include <optional>
#include <vector>

namespace moelora {

struct PageFormat {
  /// Checks the options, and copies what they point to.
  explicit PageFormat(const moelora_slot_table_options &options);

  bool keepsLayer(int32_t layer) const;
  /// The facts that a layer bound to such a table must match. Fails for a layer
  /// that the table does not keep.
  moelora_facts facts(int32_t layer) const;

  int32_t dtype, order, maxRank, slots;
  uint32_t sharedA; ///< bit per projection whose experts share A
  TableTarget target;
  std::optional<std::vector<int32_t>> layers; ///< sorted; nothing: all
  /// In local order, those that are absent last, as -1; likewise.
  std::optional<std::vector<int32_t>> experts;
  int32_t tpRank, tpSize;
  bool cutsSharedApart; ///< the shared intermediate size has a part of its own
  int32_t sharedRank, sharedSize;

private:
  void checkSite(const moelora_adapter_site &site) const;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_PAGEFORMAT_H
