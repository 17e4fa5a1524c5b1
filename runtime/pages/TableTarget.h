/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The sizes of the layers of the model for which a slot table is made.
 */
#ifndef MOELORA_RUNTIME_TABLETARGET_H
#define MOELORA_RUNTIME_TABLETARGET_H

#include "adapter/AdapterPairs.h"
#include "moelora/runtime/AdapterTarget.h"

namespace moelora {

class TableTarget {
public:
  /// Checks a target and copies the parts that it needs. Refuses NULL.
  explicit TableTarget(const moelora_adapter_target *target);

  struct Site {
    moelora_adapter_site sizes; ///< its names are NULL
    uint64_t projections;       ///< a bit for each that adapters can have
  };

  /// The number of layers of the whole model.
  int32_t layers() const { return count; }
  const std::vector<Site> &all() const { return sites; }
  /// NULL if the layer has no experts.
  const Site *find(int32_t layer) const;

  /// Fails if an adapter's layer has other sizes than the table's.
  void check(const AdapterSite &site) const;
  void check(const AdapterBinding &binding) const;

private:
  int32_t count = 0;
  std::vector<Site> sites; ///< by layer number
};

/// The name of a projection, such as "gate" or "shared up".
const char *projectionName(int32_t projection);

} // namespace moelora

#endif // MOELORA_RUNTIME_TABLETARGET_H
