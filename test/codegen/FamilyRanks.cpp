// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-family-ranks FOLDER... --ranks=N,... (each above 1) cuts a layer of
// each model over every grid of these numbers of ranks, with equal tokens on
// the ranks along ep and tp and with different ones, and checks that all ranks
// compute what the whole layer does, with data for which no sum rounds. Sizes
// are changed to multiples of tp. Status 3: a layer fails.

#include "RankCase.h"
#include "moelora/passes/Passes.h"
#include "moelora/reference/Random.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace moelora;
using namespace moelora::codetest;
namespace cl = llvm::cl;

static cl::list<std::string> folders(cl::Positional, cl::OneOrMore,
                                     cl::desc("models"));
static cl::list<int64_t> rankCounts("ranks", cl::CommaSeparated,
                                    cl::desc("numbers of ranks"));

namespace {

/// dp, ep and tp of each grid.
std::vector<std::array<int64_t, 3>> gridsOf(int64_t ranks) {
  std::vector<std::array<int64_t, 3>> grids;
  for (int64_t dp = 1; dp <= ranks; ++dp)
    for (int64_t ep = 1; dp * ep <= ranks; ++ep)
      if (ranks % (dp * ep) == 0)
        grids.push_back({dp, ep, ranks / dp / ep});
  return grids;
}

struct Count {
  int64_t right = 0, wrong = 0;
};

void checkGrid(MLIRContext &context, const std::string &folder,
               const moelora_layer &layer, std::array<int64_t, 3> grid,
               Count &count) {
  auto [dp, ep, tp] = grid;
  int64_t experts = layer.router.experts - layer.zero_experts;
  bool many = experts >= ep;
  for (const char *scheme : {"", " scheme=allgather sequence-parallel"}) {
    if (*scheme && ep * tp == 1)
      continue;
    RankCase c;
    c.layer = layer;
    c.options.slots = 3;
    c.options.maxRank = 8;
    c.inputs.seed = uint64_t(count.right + count.wrong + 1);
    c.inputs.tokens = 13;
    reference::RandomNumbers random(c.inputs.seed);
    fitTo(c.layer, tp);
    makeExact(c, [&] { return random.next(); });
    c.grid = llvm::formatv("dp={0} ep={1} tp={2}{3}{4}", dp, ep, tp, scheme,
                           many ? "" : " expert-map=0");
    for (int64_t e = 1; !many && e < experts; ++e)
      c.grid += "," + std::to_string(e);
    std::string why = check(context, c);
    ++(why.empty() ? count.right : count.wrong);
    if (!why.empty())
      llvm::outs() << folder << ", " << c.grid << ": " << why << '\n';
  }
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "layers of models on all grids\n");
  registerMoELoRAPasses();
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  Count count;
  for (const std::string &folder : folders) {
    models::Result<models::Model> model = models::loadModel(folder);
    if (!model) {
      llvm::errs() << model.message() << '\n';
      return 1;
    }
    const moelora_layer &layer = model->layer(model->firstMoeLayer());
    for (int64_t ranks : rankCounts)
      for (std::array<int64_t, 3> grid : gridsOf(ranks))
        checkGrid(context, folder, layer, grid, count);
  }
  llvm::outs() << count.right << " of " << count.right + count.wrong
               << " grids are right\n";
  return count.wrong ? 3 : 0;
}
