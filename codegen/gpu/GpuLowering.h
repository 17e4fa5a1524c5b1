// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering of one layer to GPU kernels, and to code of the host that
// launches them. Every stage writes its kernels once, and returns how an entry
// point launches them. The launches of a chunk of tokens are one call of the
// runtime.
#ifndef MOELORA_CODEGEN_GPU_GPULOWERING_H
#define MOELORA_CODEGEN_GPU_GPULOWERING_H

#include "LayerCode.h"
#include "gpu/Kernel.h"
#include "gpu/Plan.h"
#include "moelora/passes/KernelNames.h"

namespace moelora::codegen {

/// Rows in the order of a plan, each of which begins at a multiple of 16 bytes.
struct PlannedRows {
  mlir::Value plan;
  int64_t pitch; // bytes of a row
};

class GpuLowering : public LayerCode {
public:
  GpuLowering(LayerOp layer, Unit &unit, int64_t architecture);

  /// Declares arguments and stages. Emits a diagnostic for an op without a
  /// lowering.
  mlir::LogicalResult declare();
  /// Called after all kernels are written.
  void declareLaunches();

  /// Adds a launch with `blocks` thread blocks to those of the chunk.
  void launch(Code &code, Ptr frame, const KernelInfo &kernel, Int blocks);
  /// A name that no other kernel has.
  std::string kernelName(llvm::StringRef stage) { return names.next(stage); }

  GpuModule gpu;
  mlir::Type element; // of the layer
  const GpuPlan &planOf(mlir::Value plan) const {
    return *plans.find(plan)->second;
  }
  llvm::DenseMap<mlir::Value, std::unique_ptr<GpuPlan>> plans;
  /// Activations. All other values are stored row by row.
  llvm::DenseMap<mlir::Value, PlannedRows> planned;
  // Words of the frame: device addresses, or 0 where a run has none.
  const int64_t validTokens, stepWords, ticket;

private:
  mlir::LogicalResult declareStage(mlir::Operation &op);
  void storeStep(Code &code, Ptr frame);
  void emitLaunch(Code &code, Ptr frame);

  const int64_t launchCount;
  int64_t launches = 0;                  // the first word of the launches
  llvm::SmallVector<int64_t> parameters; // the first word, by kernel
  KernelNames names;
};

// What kernels read of the run.

/// The number of tokens of the chunk that have pairs.
Int validTokens(GpuLowering &lowering, Kernel &kernel);
/// Whether slots have been resolved, and the step has not ended.
mlir::Value isInStep(GpuLowering &lowering, Kernel &kernel, Ptr numbers);
/// Adds to the counter of the run's statistics at `offset`.
void countIn(Kernel &kernel, int64_t offset, Int count);
/// A mask of the lanes below this one.
Int lanesBelow(KernelCode &code, Int lane);

// Each function makes a stage: it declares words, writes kernels, and returns
// how to launch them.
mlir::FailureOr<RunStage> lowerRoute(GpuLowering &, RouteOp);
mlir::FailureOr<RunStage> lowerPlan(GpuLowering &, PlanOp);
mlir::FailureOr<RunStage> lowerShrink(GpuLowering &, ShrinkOp);
mlir::FailureOr<RunStage> lowerGroupedMatmul(GpuLowering &, GroupedMatmulOp);
mlir::FailureOr<RunStage> lowerRmsNorm(GpuLowering &, RmsNormOp);
mlir::FailureOr<RunStage> lowerIdentityWeight(GpuLowering &, IdentityWeightOp);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_GPULOWERING_H
