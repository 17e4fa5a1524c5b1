/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The grid of a group: which peer ranks differ only in certain axes.
 *
 * dp = 1, ep = 2, tp = 2:     number   ep  tp
 *                                  0    0   0     peers over {ep} of 1: 1, 3
 *                                  1    0   1     peers over {tp} of 1: 0, 1
 *                                  2    1   0     peers over {ep, tp}: all
 *                                  3    1   1
 */
#ifndef MOELORA_RUNTIME_COLLECTIVES_GRID_H
#define MOELORA_RUNTIME_COLLECTIVES_GRID_H

#include "moelora/runtime/Exchange.h"

#include <array>
#include <vector>

namespace moelora {

constexpr uint32_t allAxes = (1 << MOELORA_AXES) - 1;

class Grid {
public:
  using Triple = std::array<int32_t, MOELORA_AXES>; ///< dp, ep, tp

  /// Fails unless the sizes are positive and their product is `ranks`.
  Grid(const Triple &sizes, int32_t ranks);

  const Triple &sizes() const { return extents; }
  Triple coordinates(int32_t rank) const;
  /// The axes without those of size 1, over which nothing is exchanged.
  uint32_t effective(uint32_t axes) const;
  /// The peer ranks that differ from `rank` in these axes only, and itself, in
  /// ascending order.
  std::vector<int32_t> peers(int32_t rank, uint32_t axes) const;
  /// A number that the peers over these axes share, and no others.
  int32_t colour(int32_t rank, uint32_t axes) const;
  /// The position of a rank among the coordinates of these axes.
  int32_t position(int32_t rank, uint32_t axes) const;

private:
  Triple extents;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_COLLECTIVES_GRID_H
