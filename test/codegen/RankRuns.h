// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ranks of a compiled layer, as threads that communicate by the loopback.

#ifndef MOELORA_TEST_CODEGEN_RANKRUNS_H
#define MOELORA_TEST_CODEGEN_RANKRUNS_H

#include "CompiledLayer.h"
#include "moelora/interpreter/RandomInputs.h"
#include "moelora/runtime/Group.h"

namespace moelora::codetest {

/// One rank: a thread with a transport, a group and a pool of its own.
class RankRun {
public:
  RankRun(LayerOp layer, const interpreter::Inputs &inputs,
          const CompiledLayer &code, const moelora_transport *transport);

  /// Runs every entry point; the outputs are in their order. `tokens` are those
  /// of every rank.
  void run(const std::vector<int64_t> &tokens, int64_t own);

  const std::vector<int32_t> &numbers() const { return operands.numbers(); }

  std::vector<int32_t> peerNumbers; ///< of the ranks that exchange tokens
  Routing routing;                  ///< of its tokens; empty if they are given
  std::vector<std::vector<char>> outputs;
  std::string why; ///< empty: all runs succeeded

private:
  moelora_group *makeGroup(const std::vector<int64_t> &all);
  void runEntry(moelora_entry_kind entry, moelora_group *group,
                moelora_pool *pool, int64_t tokens);

  Operands operands;
  const CompiledLayer &code;
  const moelora_transport *transport;
  GridAttr grid;
  uint64_t rowBytes;
  int64_t most = 0;
};

struct RankVerdict {
  size_t runs = 0;  ///< of each rank
  double worst = 0; ///< error / bound
  std::string why;  ///< empty: all are right
};

/// Compiles a part of a layer for one tier, and runs all ranks on random inputs
/// of the whole layer. The output of each rank is compared with what the
/// interpreter computes for it; ranks with the same tokens must have the same
/// bits, and the code of the whole layer the same choices, bit for bit.
/// `products` are those of the longest sum, on which the bound depends; 0: no
/// sum rounds, and the bits are compared.
RankVerdict checkRanks(LayerOp part, LayerOp whole, llvm::StringRef tier,
                       const interpreter::RandomOptions &options,
                       int64_t products);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_RANKRUNS_H
