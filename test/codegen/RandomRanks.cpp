// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-random-ranks --count=N --seed=S [--exact] cuts random layers over
// random grids. The interpreter computes for all ranks what it does for the
// whole layer, the reference of a group what the interpreter does, and code for
// this machine, too. With --exact, no sum of the data rounds, and all have the
// same bits. Status 3: a layer fails.

#include "../differential/Case.h"
#include "RankRuns.h"
#include "ReferenceGroup.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Target.h"
#include "moelora/interpreter/Group.h"
#include "moelora/reference/Compare.h"
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
  auto multiple = [&](auto size) {
    return decltype(size)((size + tp - 1) / tp * tp);
  };
  c.layer.intermediate = multiple(c.layer.intermediate);
  c.layer.shared = multiple(c.layer.shared);
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

/// Whether ranks compute what the whole layer does, without rounding.
std::string compareWhole(LayerOp part, LayerOp whole,
                         const interpreter::RandomOptions &options) {
  interpreter::Inputs inputs = interpreter::randomInputs(whole, options);
  std::vector<interpreter::Inputs> parts;
  for (int64_t rank = 0; rank < part.getGrid()->getRanks(); ++rank)
    parts.push_back(interpreter::inputsOfRank(part, inputs, rank));
  constexpr auto exact = interpreter::Mode::Exact;
  auto wanted = interpreter::interpret(whole, inputs, exact);
  auto found = interpreter::interpretGroup(part, parts, exact);
  if (failed(wanted) || failed(found))
    return "the interpreter does not run it; ";
  constexpr double unit = 1e-12; // of sums in another order
  for (auto [rank, output] : llvm::enumerate(*found)) {
    interpreter::Tensor own =
        interpreter::rowsOfRank(part, *wanted, int64_t(rank));
    reference::Verdict verdict =
        reference::compareRows(own.view(), output.view(), unit);
    if (!verdict.right())
      return "rank " + std::to_string(rank) + ": " + verdict.failure() + "; ";
  }
  return "";
}

/// Whether the reference of a group computes what the interpreter does.
std::string compareReference(LayerOp part, LayerOp whole, const Case &c,
                             const interpreter::RandomOptions &options) {
  interpreter::Inputs inputs = interpreter::randomInputs(whole, options);
  std::vector<interpreter::Inputs> parts;
  for (int64_t rank = 0; rank < part.getGrid()->getRanks(); ++rank)
    parts.push_back(interpreter::inputsOfRank(part, inputs, rank));
  auto found =
      interpreter::interpretGroup(part, parts, interpreter::Mode::Rounded);
  if (failed(found))
    return "the interpreter does not run it; ";
  auto entry = c.options.given == Given::Nothing  ? reference::Entry::Everything
               : c.options.given == Given::Logits ? reference::Entry::FromLogits
                                                  : reference::Entry::FromIds;
  interpreter::Tensor wanted =
      referenceOfRanks(part, whole, c.layer, entry, inputs);
  for (auto [rank, output] : llvm::enumerate(*found)) {
    interpreter::Tensor own =
        interpreter::rowsOfRank(part, wanted, int64_t(rank));
    reference::Verdict verdict = reference::compareRows(
        output.view(), own.view(),
        isExact ? 0
                : reference::reorderedUnit(moelora_dtype(c.layer.dtype), 1));
    if (!verdict.right())
      return "the reference on rank " + std::to_string(rank) + ": " +
             verdict.failure() + "; ";
  }
  return "";
}

std::string check(MLIRContext &context, uint64_t seed, std::string &what) {
  differential::CaseOptions kind;
  kind.exact = isExact;
  Case c = differential::makeCase(seed, kind);
  Random random(seed ^ 0x9a4c);
  std::string grid = makeGrid(random, c);
  if (isExact)
    c.options.given = Given::Choice;
  what = differential::describe(c) + " " + grid;
  Location location = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> whole = ModuleOp::create(location);
  OpBuilder builder = OpBuilder::atBlockBegin(whole->getBody());
  FailureOr<LayerOp> layer = buildLayer(builder, location, c.layer, c.options);
  OwningOpRef<ModuleOp> parts = whole->clone();
  PassManager passes(&context);
  if (failed(layer) ||
      failed(parsePassPipeline("moelora.layer(moelora-shard{" + grid + "})",
                               passes)) ||
      failed(passes.run(*parts)))
    return "it is not cut; ";
  LayerOp part = *parts->getOps<LayerOp>().begin();
  interpreter::RandomOptions options;
  options.seed = seed;
  options.tokens = c.tokens;
  if (isExact)
    options.exact =
        reference::exactSizes(c.layer, [&] { return random.next(); });
  std::string why = compareWhole(part, *layer, options) +
                    compareReference(part, *layer, c, options);
  const char *tiers[] = {"avx2", "avx512f", "avx512bf16"};
  std::optional<CpuTarget> best = resolveCpu("native", why);
  // Rows of a few columns may cancel to almost nothing.
  int64_t products = isExact ? 0 : 4096;
  std::string tier = tiers[seed % (int(best->tier) + 1)];
  return why + checkRanks(part, *layer, tier, options, products).why;
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
    std::string what, why = check(context, seed, what);
    if (why.empty())
      continue;
    ++wrong;
    llvm::outs() << "seed " << seed << ": " << what << ": " << why << '\n';
  }
  llvm::outs() << count - wrong << " of " << count << " layers are right\n";
  return wrong ? 3 : 0;
}
