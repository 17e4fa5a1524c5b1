// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares the predictions for candidate tiles.

#include "Choice.h"
#include <cmath>

using namespace mlir;

namespace moelora {

namespace {

/// Chooses the tiles of an op for a strategy.
class TileChoice {
public:
  TileChoice(const OpModel &model, Operation *op, ArrayRef<int64_t> tokens,
             Strategy strategy, const GpuArchitecture &gpu)
      : model(model), op(op), tokens(tokens), strategy(strategy), gpu(gpu) {
    auto matmul = dyn_cast<GroupedMatmulOp>(op);
    ShrinkOp shrink = matmul ? shrinkAfter(matmul) : ShrinkOp();
    if (shrink && isModelled(shrink))
      shrinkModel.emplace(shrink, gpu);
  }

  /// The widths of the first tile are tried in turn, because a tile of another
  /// width costs the launch of a shrink.
  Choice choose() const {
    if (!shrinkModel || strategy != Strategy::InPlace)
      return chooseAfter(nullptr);
    Choice best = chooseAfter(usualTile(op, tokens.front(), gpu));
    double least = best.logSeconds - indifference(0);
    for (TileAttr first : candidateTiles(op, tokens.front(), gpu)) {
      Choice other = chooseAfter(first);
      if (other.logSeconds >= least)
        continue;
      best = other;
      least = best.logSeconds;
    }
    return best;
  }

private:
  struct Timed {
    TileAttr tile;
    double logSeconds; ///< the sum over the batches
  };

  /// Times of a tile that differ by less are the same to the model.
  double indifference(size_t index) const {
    return std::log(1.05) * double(model.batches(tokens, index).size());
  }

  /// The tiles, of which the first one is `first` unless that is null.
  Choice chooseAfter(TileAttr first) const {
    Choice choice{strategy, {}};
    for (size_t index = 0; index < tokens.size(); ++index) {
      Timed timed = index == 0 && first ? time(first, index, first)
                                        : chooseTile(index, first);
      choice.tiles.push_back(timed.tile);
      choice.logSeconds += timed.logSeconds;
    }
    return choice;
  }

  Timed chooseTile(size_t index, TileAttr first) const {
    SmallVector<TileAttr> candidates = candidateTiles(op, tokens[index], gpu);
    Timed usual = time(candidates.front(), index, first), best = usual;
    for (TileAttr tile : ArrayRef(candidates).drop_front()) {
      Timed timed = time(tile, index, first);
      if (timed.logSeconds < best.logSeconds)
        best = timed;
    }
    double least = usual.logSeconds - indifference(index);
    return best.logSeconds < least ? best : usual;
  }

  /// With the launch of the shrink, if the epilogue does not compute it.
  Timed time(TileAttr tile, size_t index, TileAttr first) const {
    bool isApart =
        shrinkModel && (strategy != Strategy::InPlace ||
                        !takesShrink(cast<GroupedMatmulOp>(op), tile, first));
    Timed timed{tile, 0};
    for (int64_t batch : model.batches(tokens, index)) {
      double us = model.predict(tile, batch, strategy).microseconds;
      if (isApart)
        us += shrinkModel->predict(tile, batch, strategy).microseconds;
      timed.logSeconds += std::log(us);
    }
    return timed;
  }

  const OpModel &model;
  Operation *op;
  ArrayRef<int64_t> tokens;
  Strategy strategy;
  const GpuArchitecture &gpu;
  std::optional<OpModel> shrinkModel; // of the shrink of the result's rows
};

} // namespace

Choice chooseTiles(const OpModel &model, Operation *op,
                   ArrayRef<int64_t> tokens, Strategy strategy,
                   const GpuArchitecture &gpu) {
  return TileChoice(model, op, tokens, strategy, gpu).choose();
}

} // namespace moelora
