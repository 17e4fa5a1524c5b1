// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one peer rank owns of a layer that is cut over a grid: some experts, and
// one of the equal parts of each intermediate size.
//
//   8 experts, I = 32, ep 1 of 2, tp 0 of 4: experts 4 to 7, and of these
//     gate_up [4, 2, 8, H]   rows 0 to 7 of gate and of up
//     down    [4, H, 8]      columns 0 to 7
#ifndef MOELORA_MODELS_PART_H
#define MOELORA_MODELS_PART_H

#include "moelora/models/Weights.h"

#include <optional>

namespace moelora::models {

struct Part {
  int64_t tp = 0, tpSize = 1; // part `tp` of `tpSize` of intermediate sizes
  /// The numbers of the owned experts, in the order in which the compiled layer
  /// has them, and then a -1 for each expert that it has and the rank does not.
  /// All peer ranks have equally many. Nothing: all experts, in their order.
  std::optional<std::vector<int32_t>> experts;

  bool isWhole() const { return tpSize == 1 && !experts; }
};

/// The part of the peer rank at `coordinates` of the grid of a variant. Its
/// experts are those that the variant's expert_map places on it.
Part partOf(const moelora_variant &variant,
            const int32_t coordinates[MOELORA_AXES]);

/// The part of an operand: its shape, and of each source what the part needs.
/// Operands that are not cut stay as they are. Requires that the part divides
/// the intermediate sizes.
Operand cut(Operand whole, const Part &part);

/// Elements that are contiguous both in an operand and in its part.
struct Run {
  int64_t whole, part; // the first one, in elements of each
  int64_t count;
};

/// Where the elements of a part are in the whole operand, in the part's order,
/// without experts that it does not own.
std::vector<Run> runsOf(const Operand &whole, const Part &part);

} // namespace moelora::models

#endif // MOELORA_MODELS_PART_H
