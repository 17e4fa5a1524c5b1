// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-random-ranks --count=N --seed=S [--exact] cuts random layers over
// random grids, and checks that all ranks compute what the whole layer does.
// With --exact, no sum of the data rounds. Status 3: a layer fails.

#include "../differential/Case.h"
#include "RankCase.h"
#include "moelora/passes/Passes.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::codetest;
using differential::Case;
using differential::Random;
namespace cl = llvm::cl;

static cl::opt<uint64_t> firstSeed("seed", cl::init(1),
                                   cl::desc("of the first layer"));
static cl::opt<uint64_t> count("count", cl::init(20), cl::desc("of layers"));
static cl::opt<bool> isExact("exact", cl::desc("data for which no sum rounds"));

namespace {

/// The ranks of experts: adjacent, in turns, anywhere, all on one rank, or in
/// two copies.
std::string makeMap(Random &random, int64_t experts, int64_t ranks) {
  auto anywhere = [&](bool one) {
    std::string places;
    int64_t only = random.below(ranks);
    for (int64_t expert = 0; expert < experts; ++expert)
      places += (expert ? "," : "") +
                std::to_string(one ? only : random.below(ranks));
    return places;
  };
  switch (random.below(5)) {
  case 0:
    return anywhere(false);
  case 1:
    return anywhere(true);
  case 2:
    return anywhere(false) + ":" + anywhere(false);
  case 3:
    return experts < ranks ? anywhere(false) : "round-robin";
  default:
    return experts < ranks ? anywhere(false) : "contiguous";
  }
}

/// At most eight ranks. The sizes of the layer become multiples of tp.
std::string makeGrid(Random &random, Case &c) {
  constexpr int64_t mostRanks = 8;
  int64_t dp = random.oneIn(4) ? 2 : 1;
  int64_t tp = random.pick<int64_t>({1, 1, 2, 4});
  int64_t ep = random.between(1, mostRanks / dp / tp);
  if (dp * ep * tp == 1)
    ep = 2;
  fitTo(c.layer, tp);
  int64_t experts = c.layer.router.experts - c.layer.zero_experts;
  std::string options = "dp=" + std::to_string(dp) +
                        " ep=" + std::to_string(ep) +
                        " tp=" + std::to_string(tp);
  if (random.oneIn(2))
    options += " scheme=allgather";
  if (random.oneIn(2))
    options += " sequence-parallel";
  return options + " expert-map=" + makeMap(random, experts, ep);
}

RankCase makeCase(uint64_t seed, std::string &what) {
  Case random = differential::makeCase(seed);
  Random choice(seed ^ 0x9a4c);
  RankCase c;
  c.grid = makeGrid(choice, random);
  c.layer = random.layer;
  c.options = random.options;
  c.inputs.seed = seed;
  c.inputs.tokens = random.tokens;
  c.inputs.sameExperts = choice.oneIn(6);
  c.inputs.slotsInTurn = choice.oneIn(3);
  if (isExact)
    makeExact(c, [&] { return choice.next(); });
  what = differential::describe(random) + " " + c.grid;
  return c;
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "random layers on random ranks\n");
  registerMoELoRAPasses();
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  uint64_t wrong = 0;
  for (uint64_t seed = firstSeed; seed < firstSeed + count; ++seed) {
    std::string what, why = check(context, makeCase(seed, what));
    if (why.empty())
      continue;
    ++wrong;
    llvm::outs() << "seed " << seed << ": " << what << ": " << why << '\n';
  }
  llvm::outs() << count - wrong << " of " << count << " layers are right\n";
  return wrong ? 3 : 0;
}
