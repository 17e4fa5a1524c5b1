/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "collectives/Grid.h"

#include "base/Failure.h"

using namespace moelora;

static std::string shown(const Grid::Triple &sizes) {
  return std::to_string(sizes[0]) + " x " + std::to_string(sizes[1]) + " x " +
         std::to_string(sizes[2]);
}

Grid::Grid(const Triple &sizes, int32_t ranks) : extents(sizes) {
  int64_t product = 1;
  for (int32_t size : sizes) {
    if (size < 1)
      fail("expects the sizes of a grid dp x ep x tp to be at least 1, but it "
           "is " +
           shown(sizes));
    // Stops before it can overflow: the sizes that follow are at least 1.
    if (product <= ranks)
      product *= size;
  }
  if (product != ranks)
    fail("expects a grid dp x ep x tp of the " + std::to_string(ranks) +
         " peer ranks of the transport, but it is " + shown(sizes));
}

Grid::Triple Grid::coordinates(int32_t rank) const {
  return {rank / (extents[1] * extents[2]), rank / extents[2] % extents[1],
          rank % extents[2]};
}

uint32_t Grid::effective(uint32_t axes) const {
  uint32_t kept = 0;
  for (int axis = 0; axis < MOELORA_AXES; ++axis)
    if (extents[axis] > 1)
      kept |= axes & 1u << axis;
  return kept;
}

int32_t Grid::position(int32_t rank, uint32_t axes) const {
  Triple at = coordinates(rank);
  int32_t position = 0;
  for (int axis = 0; axis < MOELORA_AXES; ++axis)
    if (axes >> axis & 1)
      position = position * extents[axis] + at[axis];
  return position;
}

int32_t Grid::colour(int32_t rank, uint32_t axes) const {
  return position(rank, allAxes & ~axes);
}

std::vector<int32_t> Grid::peers(int32_t rank, uint32_t axes) const {
  std::vector<int32_t> peers;
  int32_t ranks = extents[0] * extents[1] * extents[2];
  for (int32_t other = 0; other < ranks; ++other)
    if (colour(other, axes) == colour(rank, axes))
      peers.push_back(other);
  return peers;
}
