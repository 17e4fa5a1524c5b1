// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RankRuns.h"
#include "moelora/interpreter/Group.h"
#include "moelora/reference/Compare.h"

#include <map>
#include <thread>

using namespace mlir;

namespace moelora::codetest {

static int64_t tokensOf(LayerOp layer, const interpreter::Inputs &inputs) {
  unsigned hidden = layer.getArgument(Role::Hidden).getArgNumber();
  return std::get<interpreter::Tensor>(inputs.arguments[hidden]).rows();
}

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

/// The coordinates of a rank along the axes that cut tokens, as one number.
static int64_t partOf(GridAttr grid, int64_t rank) {
  int64_t part = 0;
  for (Axis axis : {Axis::Dp, Axis::Ep, Axis::Tp})
    if (grid.cutsTokens(axis))
      part = part * grid.getSize(axis) + grid.getCoordinate(rank, axis);
  return part;
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
  Routing routing;
  for (auto entry :
       {MOELORA_ENTRY_ALL, MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS})
    if (code.has(entry))
      runEntry(entry, group, pool, routing, own);
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
                       moelora_pool *pool, Routing &routing, int64_t tokens) {
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

/// The slot numbers of the tokens of all ranks with which one exchanges tokens.
static void shareNumbers(GridAttr grid, std::deque<RankRun> &runs) {
  for (int64_t own = 0; own < grid.getRanks(); ++own)
    for (int64_t peer = 0; peer < grid.getRanks(); ++peer)
      if (llvm::all_of(ArrayRef<Axis>{Axis::Dp, Axis::Ep, Axis::Tp},
                       [&](Axis axis) {
                         return (axis != Axis::Dp && grid.cutsTokens(axis)) ||
                                grid.getCoordinate(own, axis) ==
                                    grid.getCoordinate(peer, axis);
                       }))
        llvm::append_range(runs[size_t(own)].peerNumbers,
                           runs[size_t(peer)].numbers());
}

static void runAll(GridAttr grid, std::deque<RankRun> &runs,
                   const std::vector<int64_t> &tokens) {
  shareNumbers(grid, runs);
  std::vector<std::thread> threads;
  for (auto [rank, run] : llvm::enumerate(runs))
    threads.emplace_back(
        [&run = run, &tokens, own = tokens[rank]] { run.run(tokens, own); });
  for (std::thread &thread : threads)
    thread.join();
}

/// Whether an output has all bits, also those of zeros.
static bool hasBits(const std::vector<char> &output,
                    const interpreter::Tensor &wanted, moelora_dtype type) {
  std::vector<char> bits = output;
  for (auto [index, value] : llvm::enumerate(wanted.data))
    reference::store(type, bits.data(), int64_t(index), value);
  return bits == output;
}

static reference::Verdict compare(const std::vector<char> &output,
                                  const interpreter::Tensor &wanted,
                                  moelora_dtype type, int64_t products) {
  reference::MatrixView found = wanted.view();
  found.type = type;
  found.data = output.data();
  return reference::compareRows(
      found, wanted.view(),
      products ? reference::reorderedUnit(type, products) : 0);
}

/// The first rank with the same tokens as each has the same bits.
static void compareAll(GridAttr grid, const std::deque<RankRun> &runs,
                       const std::vector<interpreter::Tensor> &wanted,
                       moelora_dtype type, int64_t products,
                       RankVerdict &verdict) {
  std::map<int64_t, size_t> first;
  for (auto [rank, run] : llvm::enumerate(runs)) {
    verdict.why += run.why;
    size_t other =
        first.try_emplace(partOf(grid, int64_t(rank)), rank).first->second;
    for (const std::vector<char> &output : run.outputs) {
      if (output != runs[other].outputs[0])
        verdict.why += "rank " + std::to_string(rank) + " has other bits; ";
      reference::Verdict own = compare(output, wanted[rank], type, products);
      verdict.worst = std::max(verdict.worst, own.worst);
      verdict.why += own.failure();
      if (!products && !hasBits(output, wanted[rank], type))
        verdict.why += "a rank has other bits than the interpreter; ";
    }
  }
}

RankVerdict checkRanks(LayerOp layer, LayerOp whole, StringRef tier,
                       const interpreter::RandomOptions &options,
                       int64_t products) {
  RankVerdict verdict;
  interpreter::Inputs inputs = interpreter::randomInputs(whole, options);
  std::vector<interpreter::Inputs> parts;
  GridAttr grid = *layer.getGrid();
  int64_t ranks = grid.getRanks();
  std::vector<int64_t> tokens;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    parts.push_back(interpreter::inputsOfRank(layer, inputs, rank));
    tokens.push_back(tokensOf(layer, parts.back()));
  }
  auto wanted =
      interpreter::interpretGroup(layer, parts, interpreter::Mode::Rounded);
  CompiledLayer code(layer, tier, verdict.why);
  std::vector<const moelora_transport *> transports(size_t(ranks), nullptr);
  if (failed(wanted) ||
      moelora_loopback_open(int32_t(ranks), transports.data(), nullptr))
    verdict.why += "no ranks, or none that the interpreter runs; ";
  if (!verdict.why.empty())
    return verdict;
  std::deque<RankRun> runs;
  for (size_t rank = 0; rank < size_t(ranks); ++rank)
    runs.emplace_back(layer, parts[rank], code, transports[rank]);
  runAll(grid, runs, tokens);
  for (const moelora_transport *transport : transports)
    moelora_transport_close(transport);
  compareAll(grid, runs, *wanted,
             moelora_dtype(code.row(MOELORA_OUTPUT)->dtype), products, verdict);
  verdict.runs = runs[0].outputs.size();
  if (!verdict.runs)
    verdict.why += "no entry point; ";
  return verdict;
}

} // namespace moelora::codetest
