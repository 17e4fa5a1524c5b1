// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the predictions of the cost model as tables.

#include "moelora/passes/Explain.h"
#include "Choice.h"
#include "moelora/passes/KernelNames.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace moelora {
namespace {

constexpr int64_t batchTokens[] = {1, 16, 128, 1024, 8192};

class Explainer {
public:
  Explainer(Operation *op, const GpuArchitecture &gpu, raw_ostream &out)
      : op(op), gpu(gpu), model(op, gpu), out(out),
        schedule(op->getAttrOfType<ScheduleAttr>("schedule")) {
    for (TileAttr tile : schedule.getTiles())
      tokens.push_back(tile.getTokens());
  }

  void print(StringRef name) {
    const cost::GroupedGemm &gemm = model.gemm();
    out << "\n"
        << name << ": " << gemm.experts << " experts, top " << gemm.topK;
    if (isa<GroupedMatmulOp>(op))
      out << ", " << gemm.features << " x " << gemm.columns << " weights";
    else
      out << ", A of " << gemm.columns << " columns";
    out << "\n";
    for (int64_t batch : batchTokens)
      printBatch(name, batch);
  }

private:
  void printBatch(StringRef name, int64_t batch) {
    TileAttr chosen = schedule.getTiles()[model.bodyOf(tokens, batch)];
    out << "  batch of " << batch << ", kernel " << name;
    if (isa<GroupedMatmulOp>(op))
      out << "_" << chosen.getTokens();
    out << "\n    strategy      features  warps    k  stages          us"
           "          MB       GFLOP  limiter\n";
    auto candidates = candidateTiles(op, chosen.getTokens(), gpu);
    if (!llvm::is_contained(candidates, chosen)) // a pinned one
      candidates.push_back(chosen);
    Strategy own = schedule.getStrategy();
    for (TileAttr tile : candidates)
      printRow(tile, batch, own, tile == chosen);
    if (model.hasAdapters() && isa<GroupedMatmulOp>(op))
      printRow(chosen, batch,
               own == Strategy::InPlace ? Strategy::UnfusedPeer
                                        : Strategy::InPlace,
               false);
  }

  void printRow(TileAttr tile, int64_t batch, Strategy strategy,
                bool isChosen) {
    Prediction predicted = model.predict(tile, batch, strategy);
    out << (isChosen ? "  * " : "    ")
        << llvm::left_justify(stringifyStrategy(strategy), 13)
        << llvm::format("%9d  %d x %d  %3d  %6d  %10.2f  %10.3f  %10.3f  ",
                        int(tile.getFeatures()), int(tile.getFeatureWarps()),
                        int(tile.getTokenWarps()), int(tile.getK()),
                        int(tile.getStages()), predicted.microseconds,
                        predicted.bytes / 1e6, predicted.flops / 1e9)
        << stringifyLimiter(predicted.limiter) << "\n";
  }

  Operation *op;
  const GpuArchitecture &gpu;
  OpModel model;
  raw_ostream &out;
  ScheduleAttr schedule;
  SmallVector<int64_t> tokens;
};

} // namespace

void explainSchedules(LayerOp layer, StringRef target, raw_ostream &out) {
  const GpuArchitecture &gpu = *findGpu(target);
  out << "layer @" << layer.getSymName() << " for " << target << " ("
      << cost::defaultGpu(gpu.number)->name << "), tokens with "
      << modelledAdapters << " adapters of rank " << modelledRank
      << " where there are as many\n";
  KernelNames names;
  for (Operation &op : layer.getBody().getOps()) {
    auto matmul = dyn_cast<GroupedMatmulOp>(op);
    if (!matmul && !isa<ShrinkOp>(op))
      continue;
    std::string name = names.next(matmul ? stageOf(matmul) : "shrink");
    if (op.hasAttr("schedule") && isModelled(&op))
      Explainer(&op, gpu, out).print(name);
    else
      out << "\n" << name << ": the cost model has no kernels of f32 weights\n";
  }
}

} // namespace moelora
