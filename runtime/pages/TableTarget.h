/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The layers of the model that a slot table is for, as far as their sizes go.
 */
#ifndef MOELORA_RUNTIME_TABLETARGET_H
#define MOELORA_RUNTIME_TABLETARGET_H

#include "adapter/AdapterPairs.h"
#include "moelora/runtime/AdapterTarget.h"

namespace moelora {

class TableTarget {
public:
  /// Checks a target and copies what it needs of it. NULL is refused.
  explicit TableTarget(const moelora_adapter_target *target);

  struct Site {
    moelora_adapter_site sizes; ///< its names are NULL
    uint64_t projections;       ///< a bit for each that adapters may have
  };

  /// Of the whole model.
  int32_t layers() const { return count; }
  const std::vector<Site> &all() const { return sites; }
  /// NULL: the model has no experts in this layer.
  const Site *find(int32_t layer) const;

  /// Fails where an adapter's layer has other sizes than the table's.
  void check(const AdapterSite &site) const;
  void check(const AdapterBinding &binding) const;

private:
  int32_t count = 0;
  std::vector<Site> sites; ///< by layer number
};

/// "gate", "shared up".
const char *projectionName(int32_t projection);

} // namespace moelora

#endif // MOELORA_RUNTIME_TABLETARGET_H
