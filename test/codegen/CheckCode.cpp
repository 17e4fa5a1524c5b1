// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-check-code FILE: each layer of a file, compiled for every tier of
// this machine, answers what the interpreter answers, from every entry point,
// with the same bits on one worker and on three, and for the first token alone;
// then once more with hostile ids. Given ids that name no expert must be
// counted. Operands are as large as their types say, and the artifact says the
// same; nothing is mapped behind them. Status 3: a layer fails.

#include "CompiledLayer.h"
#include "HostileIds.h"
#include "OperandTypes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "moelora/codegen/Target.h"
#include "moelora/interpreter/RandomInputs.h"
#include "moelora/reference/Bound.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"

#include <cmath>

using namespace mlir;
using namespace moelora;
using namespace moelora::codetest;
namespace cl = llvm::cl;

static cl::opt<std::string> inputFile(cl::Positional, cl::Required,
                                      cl::desc("layer.mlir"));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("of the inputs"));
static cl::opt<unsigned> tokens("tokens", cl::init(33),
                                cl::desc("rows of hidden states"));

namespace {

constexpr const char *EntryNames[] = {"all", "logits", "ids"};

/// Code sums in f32, the interpreter in f64; both round where the IR says. So
/// f32 differs by the length of its sums, a narrow type by single roundings
/// that fall the other way.
double tolerance(moelora_dtype type) {
  return (type == MOELORA_F32 ? 8 : 2) * reference::unitOf(type);
}

double worstRatio(const interpreter::Tensor &wanted,
                  const std::vector<char> &output, moelora_dtype type) {
  double worst = 0;
  for (int64_t t = 0; t < wanted.rows(); ++t) {
    reference::Vector row = wanted.row(t);
    double largest = 0;
    for (double value : row)
      largest = std::fmax(largest, std::abs(value));
    for (size_t i = 0; i < row.size(); ++i) {
      double found =
          reference::load(type, output.data(), t * int64_t(row.size()) + i);
      if (found == row[i])
        continue;
      double ratio = std::abs(found - row[i]) / (tolerance(type) * largest);
      worst = std::isnan(ratio) ? HUGE_VAL : std::fmax(worst, ratio);
    }
  }
  return worst;
}

/// One layer at one tier; complaints go to `why`.
class Check {
public:
  Check(LayerOp layer, const interpreter::Inputs &inputs, StringRef tier,
        moelora_pool *pool)
      : operands(layer, inputs), code(layer, tier, why), pool(pool) {
    if (why.empty())
      checkSizes(layer);
  }

  std::string why;
  double worst = 0;
  unsigned entries = 0;

  void run(const interpreter::Tensor &wanted) {
    Routing routing;
    std::vector<char> first;
    for (auto entry :
         {MOELORA_ENTRY_ALL, MOELORA_ENTRY_LOGITS, MOELORA_ENTRY_IDS}) {
      if (!why.empty() || !code.has(entry))
        continue;
      std::vector<char> output = runEntry(entry, routing);
      if (entries++ == 0)
        first = output;
      else if (output != first)
        complain(entry, "answers other bits than the entry point before");
    }
    if (why.empty())
      worst = worstRatio(wanted, first,
                         moelora_dtype(code.artifact()->layer.dtype));
    if (why.empty() && code.has(MOELORA_ENTRY_IDS))
      runHostile(routing);
  }

private:
  /// What an operand needs is what its type says.
  void checkSizes(LayerOp layer) {
    const moelora_artifact &artifact = *code.artifact();
    for (const codegen::OperandType &operand : codegen::operandTypes(layer)) {
      uint64_t bytes = moelora_dtype_bytes(operand.dtype);
      for (int64_t size : operand.shape)
        bytes *= size < 0 ? tokens.getValue() : size;
      moelora_buffer needed = moelora_operand_needs(
          &artifact.layer, moelora_role(operand.role), tokens);
      if (needed.bytes != bytes || needed.dtype != operand.dtype)
        why += "needs another " + stringifyRole(operand.role).str() +
               " than its type says; ";
    }
  }

  /// A routed layer that is given ids instead.
  void runHostile(Routing routing) {
    if (routing.ids.empty())
      return;
    const moelora_router &router = code.artifact()->layer.router;
    HostileIds hostile(seed, router.experts);
    for (int32_t &id : routing.ids)
      id = hostile.next();
    uint64_t stray = countStray(routing.ids.data());
    RunResult result =
        code.run(MOELORA_ENTRY_IDS, operands, tokens, pool, routing);
    if (result.status || result.droppedPairs != stray)
      complain(MOELORA_ENTRY_IDS,
               "counts " + std::to_string(result.droppedPairs) +
                   " hostile ids, not " + std::to_string(stray));
  }

  std::vector<char> runEntry(moelora_entry entry, Routing &routing) {
    RunResult several = code.run(entry, operands, tokens, pool, routing);
    RunResult one = code.run(entry, operands, tokens, nullptr, routing);
    Routing ofFirst = routing;
    RunResult alone = code.run(entry, operands, 1, pool, ofFirst);
    if (several.status)
      complain(entry, "has status " + std::to_string(several.status));
    else if (several.output != one.output)
      complain(entry, "answers other bits on one worker");
    else if (!std::equal(alone.output.begin(), alone.output.end(),
                         several.output.begin()))
      complain(entry, "answers other bits for the first token alone");
    else if (auto *ids = operands.get(MOELORA_EXPERT_IDS);
             ids && several.droppedPairs != countStray(ids))
      complain(entry, "counts " + std::to_string(several.droppedPairs) +
                          " ids that name no expert");
    return several.output;
  }

  /// Ids that are neither -1 nor an expert, with weights or without.
  uint64_t countStray(const void *ids) {
    const moelora_router &router = code.artifact()->layer.router;
    ArrayRef<int32_t> all(static_cast<const int32_t *>(ids),
                          tokens * router.top_k);
    return llvm::count_if(
        all, [&](int32_t id) { return id < -1 || id >= router.experts; });
  }

  void complain(moelora_entry entry, const std::string &what) {
    why += std::string("entry point ") + EntryNames[entry] + " " + what + "; ";
  }

  Operands operands;
  CompiledLayer code;
  moelora_pool *pool;
};

/// Whether the layer does as it must at every tier.
bool check(LayerOp layer, const interpreter::Inputs &inputs, const char *what,
           moelora_pool *pool) {
  FailureOr<interpreter::Tensor> wanted =
      interpreter::interpret(layer, inputs, interpreter::Mode::Rounded);
  std::string why;
  std::optional<CpuTarget> best = resolveCpu("native", why);
  if (failed(wanted) || !best) {
    llvm::errs() << why << '\n';
    return false;
  }
  bool good = true;
  const char *tiers[] = {"avx2", "avx512f", "avx512bf16"};
  for (int tier = 0; tier <= int(best->tier); ++tier) {
    Check check(layer, inputs, tiers[tier], pool);
    check.run(*wanted);
    llvm::outs() << '@' << layer.getSymName() << what << ' ' << tiers[tier]
                 << ": " << check.entries
                 << " entry points, worst error / bound "
                 << llvm::format("%.3g", check.worst) << ' ' << check.why
                 << '\n';
    good &= check.why.empty() && check.worst <= 1;
  }
  return good;
}

bool check(LayerOp layer, moelora_pool *pool) {
  interpreter::RandomOptions options;
  options.seed = seed;
  options.tokens = tokens;
  interpreter::Inputs inputs = interpreter::randomInputs(layer, options);
  bool good = check(layer, inputs, "", pool);
  if (makeHostile(layer, inputs, seed))
    good &= check(layer, inputs, ", hostile ids,", pool);
  return good;
}

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "compiled layers, interpreted\n");
  DialectRegistry registry;
  registry.insert<MoELoRADialect>();
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(inputFile, sources, &context);
  moelora_pool *pool = nullptr;
  if (!module || moelora_pool_create(3, &pool, nullptr) != MOELORA_OK)
    return 1;
  bool good = true;
  for (auto layer : module->getOps<LayerOp>())
    good &= check(layer, pool);
  moelora_pool_destroy(pool);
  return good ? 0 : 3;
}
