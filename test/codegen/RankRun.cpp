// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RankRuns.h"

using namespace mlir;

namespace moelora::codetest {

/// The bytes per row of the largest exchange.
static uint64_t exchangeBytes(LayerOp layer) {
  uint64_t most = 1;
  layer.walk([&](Operation *op) {
    uint64_t bytes = 0;
    if (isa<AllGatherOp, ReduceOp>(op))
      for (Type type : op->getOperandTypes()) {
        auto rows = cast<RankedTensorType>(type);
        int64_t columns = rows.getRank() > 1 ? rows.getDimSize(1) : 1;
        bytes += uint64_t(columns * rows.getElementTypeBitWidth() / 8);
      }
    most = std::max(most, bytes);
  });
  return most;
}

RankRun::RankRun(LayerOp layer, const interpreter::Inputs &inputs,
                 const CompiledLayer &code, const moelora_transport *transport)
    : operands(layer, inputs), code(code), transport(transport),
      grid(*layer.getGrid()), rowBytes(exchangeBytes(layer)) {}

void RankRun::run(const std::vector<int64_t> &tokens, int64_t own) {
  moelora_pool *pool = nullptr;
  moelora_group *group = makeGroup(tokens);
  if (!group || moelora_pool_create(2, &pool, nullptr) != MOELORA_OK) {
    why += "has no group or pool; ";
    return;
  }
  for (auto entry :
       {MOELORA_ENTRY_ALL, MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS})
    if (code.has(entry))
      runEntry(entry, group, pool, own);
  moelora_pool_destroy(pool);
  moelora_group_destroy(group, nullptr);
}

moelora_group *RankRun::makeGroup(const std::vector<int64_t> &all) {
  moelora_group_options options = {sizeof options,        0,
                                   int32_t(grid.getDp()), int32_t(grid.getEp()),
                                   int32_t(grid.getTp()), 0};
  moelora_group *group = nullptr;
  most = std::max<int64_t>(*llvm::max_element(all), 1);
  if (moelora_group_create(transport, &options, &group, nullptr) ||
      moelora_group_reserve(group, most, rowBytes, nullptr) ||
      moelora_group_set_tokens(group, all.data(), nullptr))
    return nullptr;
  return group;
}

void RankRun::runEntry(moelora_entry_kind entry, moelora_group *group,
                       moelora_pool *pool, int64_t tokens) {
  RunInput input(operands, routing);
  input.mostTokens = most;
  for (moelora_pool *workers : {pool, static_cast<moelora_pool *>(nullptr)}) {
    RunResult result =
        code.run(entry, input, tokens, workers, [&](moelora_run_args &args) {
          args.group = moelora_group_view_of(group);
          args.peer_numbers = peerNumbers.data();
        });
    if (!result.routing.ids.empty())
      routing = result.routing;
    if (result.status)
      why += "has status " + std::to_string(result.status) + "; ";
    outputs.push_back(std::move(result.output));
  }
}

} // namespace moelora::codetest
