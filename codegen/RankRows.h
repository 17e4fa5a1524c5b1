// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rows of a chunk that the ranks of a grid have together.
//
// A chunk has the same range of tokens of each rank. A value that is gathered
// over axes has the rows of all ranks that differ in these axes only, in
// ascending order of the ranks:
//
//   over <ep>    rank 0 | rank 1 | ... | own | ...
//                        before        |     |
//                all
#ifndef MOELORA_CODEGEN_RANKROWS_H
#define MOELORA_CODEGEN_RANKROWS_H

#include "Frame.h"
#include "moelora/dialect/Ops.h"
#include <map>

namespace moelora::codegen {

/// The bits of moelora_axis. Null: none.
int64_t bitsOf(AxesAttr axes);

class RankRows {
public:
  RankRows(LayerOp layer, Frame &frame);

  /// Whether ranks have different tokens and exchange them. Then each runs as
  /// many chunks as the one with the most tokens.
  bool exchangesTokens() const { return grid && grid.getTokens(); }
  /// The word with the number of rows gathered over `axes`.
  int64_t all(AxesAttr axes) const;
  /// How many times the rows of a chunk of one rank they are at most.
  int64_t ranks(AxesAttr axes) const;
  /// The first of this rank's rows along `own`, of those that are gathered over
  /// `gathered`.
  Int begin(Code &code, Ptr frame, AxesAttr gathered, AxesAttr own) const;

  /// 0 if the layer has no grid.
  Int coordinate(Code &code, Ptr frame, Axis axis) const;
  /// The number of tokens of the rank that has most.
  Int mostTokens(Code &code, Ptr args) const;
  /// Counts the rows of a chunk.
  void emit(Code &code, Ptr frame) const;
  /// Calls body(first, rows, begin) for each rank along `axes`, in order: the
  /// first token of the chunk among the tokens of all of them, the number of
  /// tokens in the chunk, and how many precede them there.
  void forMembers(Code &code, Ptr frame, AxesAttr axes,
                  llvm::function_ref<void(Int, Int, Int)> body) const;

private:
  struct Words {
    int64_t all, before; // of the members, and of those before this rank
  };
  const Words &words(AxesAttr axes) const {
    return declared.at(bitsOf(axes)).second;
  }
  int64_t count() const { return grid.getRanks(); }
  Ptr group(Code &code, Ptr frame) const;
  Int tokensOf(Code &code, Ptr frame, Int rank) const;
  /// Of the chunk.
  Int rowsOf(Code &code, Ptr frame, Int tokens) const;
  Int own(Code &code, Ptr frame) const;
  mlir::Value isMember(Code &code, Ptr frame, Int rank, AxesAttr axes) const;

  int64_t chunk;
  GridAttr grid;
  std::map<int64_t, std::pair<AxesAttr, Words>> declared; // by bits
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_RANKROWS_H
