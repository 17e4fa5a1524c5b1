// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares a layer for a GPU, and launches its kernels.

#include "gpu/GpuLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "moelora/dialect/Cut.h"
#include "moelora/runtime/Abi.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstddef>

using namespace mlir;

namespace moelora::codegen {

/// Rows of f32 of a whole chunk are the largest part of the workspace.
static constexpr int64_t ChunkTokens = 16384;

GpuLowering::GpuLowering(LayerOp layer, Unit &unit, int64_t architecture)
    : LayerCode(layer, unit, ChunkTokens), gpu(unit, architecture),
      element(getElementTypeOrSelf(layer.getArgument(Role::Hidden).getType())),
      validTokens(frame.word()), stepWords(frame.word()), ticket(frame.word()),
      launchCount(frame.word()) {
  services = MOELORA_SERVICE_LAUNCH;
  beginChunk = [this](Code &code, Ptr frame) { storeStep(code, frame); };
  endChunk = [this](Code &code, Ptr frame) { emitLaunch(code, frame); };
}

LogicalResult GpuLowering::declareStage(Operation &op) {
  auto stage =
      llvm::TypeSwitch<Operation *, FailureOr<RunStage>>(&op)
          .Case([&](ResolveSlotsOp op) { return resolveSlots(op); })
          .Case([&](RouteOp op) { return lowerRoute(*this, op); })
          .Case([&](PlanOp op) { return lowerPlan(*this, op); })
          .Case([&](ShrinkOp op) { return lowerShrink(*this, op); })
          .Case([&](GroupedMatmulOp op) -> FailureOr<RunStage> {
            if (op.getOnce() || op.getSharedOnce())
              return op.emitError()
                     << "expects no " << (op.getOnce() ? "bias" : "shared rows")
                     << " that one of several ranks adds, for a GPU";
            return lowerGroupedMatmul(*this, op);
          })
          .Case([&](RmsNormOp op) { return lowerRmsNorm(*this, op); })
          .Case([&](IdentityWeightOp op) {
            return lowerIdentityWeight(*this, op);
          })
          .Default([](Operation *op) {
            return op->emitError()
                   << "expects a layer at the fused level, but it has a "
                   << op->getName();
          });
  if (failed(stage))
    return failure();
  stages.push_back({&op, *stage});
  return success();
}

LogicalResult GpuLowering::declare() {
  if (!element.isBF16() && !element.isF16())
    return layer.emitOpError()
           << "expects a layer of bf16 or f16 for a GPU, but it is of "
           << element;
  if (std::optional<GridAttr> grid = layer.getGrid();
      grid && grid->getEp() * grid->getTp() > 1 && !yieldsPartialSum(layer))
    return layer.emitOpError() << "expects the whole layer, as ranks have no "
                                  "memory of a GPU in common yet, but it has "
                                  "the grid "
                               << *grid;
  if (failed(declareArguments(PageOrder::FragmentMajor, "a GPU")))
    return failure();
  for (Operation &op : layer.getBody().front().without_terminator())
    if (failed(declareStage(op)))
      return failure();
  return success();
}

void GpuLowering::declareLaunches() {
  constexpr int64_t word = 8;
  int64_t count = int64_t(gpu.kernels.size());
  launches = frame.words(count * sizeof(moelora_launch) / word);
  for (const KernelInfo &kernel : gpu.kernels)
    parameters.push_back(frame.words(int64_t(kernel.words.size())));
}

/// Addresses of the step, or null. The device reads the values.
void GpuLowering::storeStep(Code &code, Ptr frame) {
  code.store(code.i64(0), frame + launchCount);
  Ptr args = code.loadPtr(frame + Frame::Args);
  code.store(code.loadPtr(args + offsetof(moelora_run_args, valid_tokens)),
             frame + validTokens);
  Ptr step = code.loadPtr(frame + Frame::Step);
  for (int64_t word : {stepWords, ticket})
    code.store(code.null(), frame + word);
  code.when(
      code.isNull(step), [] {},
      [&] {
        code.store(code.loadPtr(step + offsetof(moelora_step_view, word)),
                   frame + stepWords);
        code.store(code.loadPtr(step + offsetof(moelora_step_view, ticket)),
                   frame + ticket);
      });
}

void GpuLowering::launch(Code &code, Ptr frame, const KernelInfo &kernel,
                         Int blocks) {
  Int count = code.loadInt(frame + launchCount);
  code.store(count + 1, frame + launchCount);
  Ptr values = frame + parameters[size_t(kernel.index)];
  for (auto [index, word] : llvm::enumerate(kernel.words))
    code.store(code.loadInt(frame + word), values + 8 * int64_t(index));
  Ptr kernels = code.loadPtr(code.loadPtr(frame + Frame::Args) +
                             offsetof(moelora_run_args, kernels));
  Ptr at = frame + launches + count * sizeof(moelora_launch);
  code.store(code.loadPtr(kernels + 8 * kernel.index),
             at + offsetof(moelora_launch, kernel));
  code.store(values, at + offsetof(moelora_launch, parameters));
  int64_t grid = offsetof(moelora_launch, grid);
  int64_t block = offsetof(moelora_launch, block);
  int64_t cluster = offsetof(moelora_launch, cluster);
  std::pair<int64_t, Int> fields[] = {
      {grid, code.toI32(blocks)},
      {grid + 4, code.i32(1)},
      {grid + 8, code.i32(1)},
      {block, code.i32(kernel.threads)},
      {block + 4, code.i32(1)},
      {block + 8, code.i32(1)},
      {cluster, code.i32(1)},
      {cluster + 4, code.i32(1)},
      {cluster + 8, code.i32(1)},
      {offsetof(moelora_launch, shared_bytes), code.i32(kernel.sharedBytes)},
      {offsetof(moelora_launch, parameter_bytes),
       code.i32(8 * int64_t(kernel.words.size()))},
      {offsetof(moelora_launch, flags), code.i32(0)}};
  for (auto [offset, value] : fields)
    code.store(value, at + offset);
}

void GpuLowering::emitLaunch(Code &code, Ptr frame) {
  Ptr services = code.loadPtr(frame + Frame::Services);
  Ptr args = code.loadPtr(frame + Frame::Args);
  Type i32 = code.builder.getI32Type();
  Ptr pointer = code.null();
  auto type = LLVM::LLVMFunctionType::get(i32, {pointer.value.getType(),
                                                pointer.value.getType(),
                                                pointer.value.getType(), i32});
  Value failed =
      LLVM::CallOp::create(
          code.builder, code.loc, type,
          ValueRange{
              code.loadPtr(services + offsetof(moelora_services, launch)).value,
              code.loadPtr(services + offsetof(moelora_services, context))
                  .value,
              code.loadPtr(args + offsetof(moelora_run_args, on)).value,
              (frame + launches).value,
              code.toI32(code.loadInt(frame + launchCount)).value})
          .getResult();
  code.when(
      code.equal32(failed, 0), [] {},
      [&] {
        code.store(code.i32(MOELORA_RUN_DEVICE_FAILED), frame + Frame::Status);
      });
}

Int validTokens(GpuLowering &lowering, Kernel &kernel) {
  KernelCode &code = kernel.code;
  Ptr valid = kernel.pointer(lowering.validTokens);
  Int tokens = kernel.tokens();
  Value count = code.choose(
      code.isNull(valid), [&] { return Code::Values{tokens.value}; },
      [&] {
        Int rest = code.loadNumber(valid) - kernel.number(Frame::Begin);
        rest = code.most(rest, code.i32(0));
        return Code::Values{code.least(rest, tokens).value};
      })[0];
  return {&code, count};
}

Value isInStep(GpuLowering &lowering, Kernel &kernel, Ptr numbers) {
  KernelCode &code = kernel.code;
  Ptr ticket = kernel.pointer(lowering.ticket);
  return code.choose(
      code.isNull(numbers), [&] { return Code::Values{code.bit(false)}; },
      [&] {
        Int value = code.loadInt(ticket);
        return Code::Values{code.below(code.i64(0), value)};
      })[0];
}

void countIn(Kernel &kernel, int64_t offset, Int count) {
  KernelCode &code = kernel.code;
  code.atomicAdd(kernel.pointer(Frame::Stats) + offset, code.toI64(count),
                 "device");
}

Int lanesBelow(KernelCode &code, Int lane) { return (code.i32(1) << lane) - 1; }

} // namespace moelora::codegen
