// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RankRows.h"
#include "moelora/dialect/RowAxes.h"
#include "moelora/runtime/Abi.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

static constexpr Axis everyAxis[] = {Axis::Dp, Axis::Ep, Axis::Tp};

int64_t bitsOf(AxesAttr axes) {
  static_assert(1 << int(Axis::Dp) == MOELORA_AXIS_DP &&
                1 << int(Axis::Ep) == MOELORA_AXIS_EP &&
                1 << int(Axis::Tp) == MOELORA_AXIS_TP);
  int64_t bits = 0;
  for (Axis axis : axes ? axes.getAxes() : ArrayRef<Axis>())
    bits |= 1 << int(axis);
  return bits;
}

RankRows::RankRows(LayerOp layer, Frame &frame)
    : chunk(frame.chunk()), grid(layer.getGrid().value_or(GridAttr())) {
  for (Operation &op : layer.getBody().front())
    for (Value result : op.getResults())
      for (AxesAttr axes = gatheredOver(result); axes;) {
        if (!declared.count(bitsOf(axes)))
          declared[bitsOf(axes)] = {axes, {frame.word(), frame.word()}};
        axes = withoutAxes(axes,
                           AxesAttr::get(axes.getContext(), axes.getAxes()[0]));
      }
}

int64_t RankRows::all(AxesAttr axes) const {
  return axes ? words(axes).all : int64_t(Frame::Tokens);
}

int64_t RankRows::ranks(AxesAttr axes) const {
  int64_t ranks = 1;
  for (Axis axis : axes ? axes.getAxes() : ArrayRef<Axis>())
    ranks *= grid.getSize(axis);
  return ranks;
}

/// The rows of ranks before this one, but those that are own rows, too.
Int RankRows::begin(Code &code, Ptr frame, AxesAttr gathered,
                    AxesAttr own) const {
  Int before = code.loadInt(frame + words(gathered).before);
  AxesAttr rest = withoutAxes(gathered, own);
  return rest ? before - code.loadInt(frame + words(rest).before) : before;
}

static Ptr groupOf(Code &code, Ptr args) {
  return code.loadPtr(args + offsetof(moelora_run_args, group));
}

Ptr RankRows::group(Code &code, Ptr frame) const {
  return groupOf(code, code.loadPtr(frame + Frame::Args));
}

Int RankRows::coordinate(Code &code, Ptr frame, Axis axis) const {
  if (!grid)
    return code.i64(0);
  return code.loadInt32(
      group(code, frame) +
      (offsetof(moelora_group_view, coordinates) + 4 * int(axis)));
}

Int RankRows::mostTokens(Code &code, Ptr args) const {
  Ptr tokens =
      code.loadPtr(groupOf(code, args) + offsetof(moelora_group_view, tokens));
  Code::Values most = code.loop(
      code.i64(0), code.i64(count()), 1, {code.i64(0).value},
      [&](Int rank, ValueRange found) -> Code::Values {
        return {code.most({&code, found[0]}, code.loadInt(tokens + rank * 8))
                    .value};
      });
  return {&code, most[0]};
}

Int RankRows::tokensOf(Code &code, Ptr frame, Int rank) const {
  Ptr tokens =
      code.loadPtr(group(code, frame) + offsetof(moelora_group_view, tokens));
  return code.loadInt(tokens + rank * 8);
}

Int RankRows::rowsOf(Code &code, Ptr frame, Int tokens) const {
  Int rest = tokens - code.loadInt(frame + Frame::Begin);
  return code.least(code.most(rest, code.i64(0)), code.i64(chunk));
}

Int RankRows::own(Code &code, Ptr frame) const {
  Int number = code.i64(0);
  for (Axis axis : everyAxis)
    number = number * grid.getSize(axis) + coordinate(code, frame, axis);
  return number;
}

Value RankRows::isMember(Code &code, Ptr frame, Int rank, AxesAttr axes) const {
  Value member = code.bit(true);
  int64_t stride = count();
  for (Axis axis : everyAxis) {
    int64_t size = grid.getSize(axis);
    stride /= size;
    if (size > 1 && !(axes && axes.has(axis)))
      member = code.both(member, code.equal(rank / stride % size,
                                            coordinate(code, frame, axis)));
  }
  return member;
}

void RankRows::emit(Code &code, Ptr frame) const {
  for (const auto &[bits, known] : declared) {
    AxesAttr axes = known.first;
    Int zero = code.i64(0);
    Code::Values counts = code.loop(
        zero, code.i64(count()), 1, {zero.value, zero.value},
        [&](Int rank, ValueRange counted) -> Code::Values {
          Int rows = rowsOf(code, frame, tokensOf(code, frame, rank));
          rows = code.select(isMember(code, frame, rank, axes), rows, zero);
          Int before =
              code.select(code.less(rank, own(code, frame)), rows, zero);
          return {(Int{&code, counted[0]} + rows).value,
                  (Int{&code, counted[1]} + before).value};
        });
    code.store(counts[0], frame + known.second.all);
    code.store(counts[1], frame + known.second.before);
  }
}

void RankRows::forMembers(Code &code, Ptr frame, AxesAttr axes,
                          llvm::function_ref<void(Int, Int, Int)> body) const {
  Int zero = code.i64(0), begin = code.loadInt(frame + Frame::Begin);
  code.loop(zero, code.i64(count()), 1, {zero.value, zero.value},
            [&](Int rank, ValueRange counted) -> Code::Values {
              Int tokens = code.select(isMember(code, frame, rank, axes),
                                       tokensOf(code, frame, rank), zero);
              Int rows = rowsOf(code, frame, tokens);
              Int before{&code, counted[0]}, done{&code, counted[1]};
              body(before + begin, rows, done);
              return {(before + tokens).value, (done + rows).value};
            });
}

} // namespace moelora::codegen
