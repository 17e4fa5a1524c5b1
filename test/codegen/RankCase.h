// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_TEST_CODEGEN_RANKCASE_H
#define MOELORA_TEST_CODEGEN_RANKCASE_H

#include "moelora/import/Import.h"
#include "moelora/interpreter/RandomInputs.h"

namespace moelora::codetest {

/// A layer, the grid over which it is cut, and its inputs.
struct RankCase {
  moelora_layer layer = {};
  LayerOptions options;
  std::string grid; ///< options of moelora-shard
  interpreter::RandomOptions inputs;
};

/// Why something differs; empty: nothing does. All ranks compute what the whole
/// layer does: in the interpreter without rounding, in the reference of a
/// group, and in code for this machine, each within its bound, or bit for bit
/// with exact data. The choices of experts have the same bits in any case, and
/// the output has if tokens alone are cut.
std::string check(mlir::MLIRContext &context, const RankCase &c);

/// Changes a layer so that there are data for which no sum rounds.
void makeExact(RankCase &c, const reference::RandomBits &bits);

/// Makes the sizes that tp cuts multiples of it.
void fitTo(moelora_layer &layer, int64_t tp);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_RANKCASE_H
