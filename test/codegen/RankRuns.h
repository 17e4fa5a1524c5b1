// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ranks of a compiled layer, as threads that communicate by the loopback.

#ifndef MOELORA_TEST_CODEGEN_RANKRUNS_H
#define MOELORA_TEST_CODEGEN_RANKRUNS_H

#include "CompiledLayer.h"
#include "moelora/runtime/Group.h"

namespace moelora::codetest {

int64_t tokensOf(LayerOp layer, const interpreter::Inputs &inputs);

/// The coordinates of a rank along the axes that cut tokens, as one number.
int64_t partOf(GridAttr grid, int64_t rank);

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
  std::vector<std::vector<char>> outputs;
  std::string why; ///< empty: all runs succeeded

private:
  moelora_group *makeGroup(const std::vector<int64_t> &all);
  void runEntry(moelora_entry_kind entry, moelora_group *group,
                moelora_pool *pool, Routing &routing, int64_t tokens);

  Operands operands;
  const CompiledLayer &code;
  const moelora_transport *transport;
  GridAttr grid;
  uint64_t rowBytes;
  int64_t most = 0;
};

/// Runs all ranks; `tokens` are those of each.
void runAll(GridAttr grid, std::deque<RankRun> &runs,
            const std::vector<int64_t> &tokens);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_RANKRUNS_H
