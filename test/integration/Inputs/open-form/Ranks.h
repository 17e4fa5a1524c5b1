// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Eight threads as ranks of a grid 2x2x2, and what they exchange.
#ifndef MOELORA_TEST_OPENFORM_RANKS_H
#define MOELORA_TEST_OPENFORM_RANKS_H

#include "../calling/Data.h"
#include "moelora/runtime/Call.h"

#include <functional>

enum { Ranks = 8 };

/// The number of this thread's rank: (dp * 2 + ep) * 2 + tp.
extern thread_local int rank;
/// 0: dp, 1: ep, 2: tp.
inline int coordinateOf(int axis) { return rank >> (2 - axis) & 1; }

/// Ends the program after an error.
void must(moelora_status status, const moelora_error *why);
extern thread_local moelora_error *error;

/// Binds a layer for calls, which bring its weights.
const moelora_bound_layer *bind(const moelora_artifact *artifact,
                                moelora_slot_table *table = nullptr);

/// What a call of one layer needs besides tensors.
struct Context {
  Context(const moelora_bound_layer *layer, moelora_step *step = nullptr);
  /// Ends the program if a call has failed.
  void check() const;

  moelora_call_context call = {};
  moelora_run_stats stats = {};

private:
  const moelora_bound_layer *layer;
  moelora_run run = {};
  std::vector<char> workspace = std::vector<char>(1 << 20);
};

/// Rows [first, first + count) of a matrix with elements of this size.
MemRef<2> rowsOf(MemRef<2> all, int64_t bytes, int64_t first, int64_t count);

/// Runs all ranks and compares the rows of each, which `function` returns, with
/// those that are wanted. A sum of f32 in another order may be rounded to
/// another number of bf16; the unit is that of the largest number of a row.
void compareRanks(const char *what, const std::function<MemRef<2>()> &function,
                  const std::function<MemRef<2>()> &wanted);

/// The largest difference in such units, or infinity.
double worstOf(MemRef<2> found, MemRef<2> wanted);

#endif // MOELORA_TEST_OPENFORM_RANKS_H
