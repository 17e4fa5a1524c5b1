/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Determines which parts of an adapter a table keeps, and computes all sizes
 * and offsets in the image.
 *
 * The part of a pair that one peer rank keeps is a pair with other views: fewer
 * rows of B, or fewer columns of A. Matrices that experts share in the file
 * share their pages.
 */
#ifndef MOELORA_RUNTIME_PLACEMENT_H
#define MOELORA_RUNTIME_PLACEMENT_H

#include "adapter/AdapterPairs.h"
#include "pages/PageFormat.h"
#include "pages/PageMap.h"

namespace moelora {

/// One layer's row of the finder, which is at the beginning of an image.
using Finder = std::array<uint32_t, MOELORA_PROJECTIONS>;

/// A kept pair; rank 0: there is none.
struct PlacedPair {
  AdapterPair pair;
  uint64_t a = 0, b = 0; ///< offsets of the pages
  bool borrowsA = false; ///< UP has the same A as GATE
};

/// The kept pairs of one layer and projection.
struct PageGroup {
  int32_t layer, projection;
  uint64_t entries; ///< offset of their moelora_pair array
  std::vector<PlacedPair> pairs;
};

struct Placement {
  moelora_slot_cost cost{}; ///< without read_bytes
  std::vector<PageGroup> groups;
  std::vector<PageMatrix> matrices; ///< every matrix with pages of its own
};

/// Fails if the adapter does not match the format.
Placement placePages(const AdapterBinding &binding, const PageFormat &format);

} // namespace moelora

#endif // MOELORA_RUNTIME_PLACEMENT_H
