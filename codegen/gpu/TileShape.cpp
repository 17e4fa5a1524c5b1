// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/TileShape.h"
#include "moelora/dialect/Ops.h"

using namespace mlir;

namespace moelora::codegen {

static ScheduleAttr scheduleOf(Operation *op) {
  return op->getAttrOfType<ScheduleAttr>("schedule");
}

FailureOr<SmallVector<TileShape>> tileShapesOf(Operation *op, int64_t slices) {
  ScheduleAttr schedule = scheduleOf(op);
  if (!schedule)
    return op->emitOpError("expects the schedule of a GPU, which "
                           "moelora-schedule attaches");
  SmallVector<TileShape> shapes;
  for (TileAttr tile : schedule.getTiles()) {
    if (tile.getK() <= 0 || tile.getK() % TileShape::K != 0 ||
        tile.getSplitK() != 1 ||
        tile.getFeatures() % (MmaRows * slices * tile.getFeatureWarps()) != 0)
      return op->emitOpError("expects tiles with a k that is a multiple of 64, "
                             "split_k = 1 and a multiple of ")
             << MmaRows * slices << " features for each warp, but one is "
             << tile;
    shapes.push_back({tile.getTokens(), tile.getFeatures(),
                      tile.getFeatureWarps(), tile.getTokenWarps(),
                      std::max<int64_t>(tile.getStages(), 2),
                      tile.getK() / TileShape::K});
  }
  return shapes;
}

} // namespace moelora::codegen
