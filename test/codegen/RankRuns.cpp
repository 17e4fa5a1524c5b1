// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RankRuns.h"
#include "WholeRun.h"
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

/// The coordinates of a rank along the axes that cut tokens, as one number.
static int64_t partOf(GridAttr grid, int64_t rank) {
  int64_t part = 0;
  for (Axis axis : {Axis::Dp, Axis::Ep, Axis::Tp})
    if (grid.cutsTokens(axis))
      part = part * grid.getSize(axis) + grid.getCoordinate(rank, axis);
  return part;
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

/// The first row of each rank. Tokens are cut in the order of ranks.
static std::vector<int64_t> firstRows(GridAttr grid,
                                      const std::vector<int64_t> &tokens) {
  std::map<int64_t, int64_t> counts, firsts;
  for (auto [rank, count] : llvm::enumerate(tokens))
    counts[partOf(grid, int64_t(rank))] = count;
  int64_t next = 0;
  for (auto [part, count] : counts) {
    firsts[part] = next;
    next += count;
  }
  std::vector<int64_t> rows;
  for (size_t rank = 0; rank < tokens.size(); ++rank)
    rows.push_back(firsts[partOf(grid, int64_t(rank))]);
  return rows;
}

/// Ranks choose what the whole layer does. If tokens alone are cut, they
/// compute what it does.
static void compareWithWhole(GridAttr grid, const std::deque<RankRun> &runs,
                             const std::vector<int64_t> &tokens,
                             const WholeRun &whole, RankVerdict &verdict) {
  std::vector<int64_t> first = firstRows(grid, tokens);
  bool cutsTokensOnly = grid.getEp() * grid.getTp() == 1;
  for (auto [rank, run] : llvm::enumerate(runs)) {
    bool same = whole.chose(run.routing, first[rank], tokens[rank]);
    if (cutsTokensOnly)
      for (const std::vector<char> &output : run.outputs)
        same &= whole.computed(output, first[rank], tokens[rank]);
    if (!same)
      verdict.why += "rank " + std::to_string(rank) +
                     " has other bits than the whole layer; ";
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
  compareWithWhole(grid, runs, tokens,
                   WholeRun(whole, tier, inputs, tokensOf(whole, inputs)),
                   verdict);
  verdict.runs = runs[0].outputs.size();
  if (!verdict.runs)
    verdict.why += "no entry point; ";
  return verdict;
}

} // namespace moelora::codetest
