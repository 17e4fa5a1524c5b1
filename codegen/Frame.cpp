// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of the workspace.

#include "Frame.h"

namespace moelora::codegen {

static constexpr int64_t Alignment = Frame::Alignment;

static int64_t aligned(int64_t bytes) {
  return (bytes + Alignment - 1) / Alignment * Alignment;
}

void Frame::needScratch(int64_t fixed, int64_t perToken) {
  scratch.fixed = std::max(scratch.fixed, aligned(fixed));
  scratch.perToken = std::max(scratch.perToken, aligned(perToken));
}

static Int bytesOf(const RegionSize &size, Int chunk) {
  Int bytes = chunk * size.perToken + (size.fixed + Alignment - 1);
  return bytes / Alignment * Alignment;
}

mlir::LLVM::LLVMFuncOp Frame::emitLayout(Unit &unit) {
  auto body = [&](Code &code, llvm::ArrayRef<mlir::BlockArgument> arguments) {
    Int given{&code, arguments[0]}, workers{&code, arguments[1]};
    Ptr frame{&code, arguments[2]};
    Int tokens = code.most(given, code.i64(0));
    Int chunk = code.least(tokens, code.i64(chunkTokens));
    Int offset = code.i64(0);
    for (const Region &region : regions) {
      code.store(offset, frame + region.word);
      offset = offset + bytesOf(region.size, chunk);
    }
    Int perWorker = bytesOf(scratch, chunk);
    code.store(offset, frame + Scratch);
    code.store(perWorker, frame + ScratchBytes);
    Int total = offset + perWorker * workers;
    mlir::LLVM::ReturnOp::create(code.builder, code.loc, total.value);
  };
  return unit.function("layout", {unit.i64(), unit.i64(), unit.pointer()},
                       unit.i64(), body);
}

void Frame::emitRebase(Code &code, Ptr frame, Ptr workspace) const {
  auto rebase = [&](int64_t word) {
    code.store(workspace + code.loadInt(frame + word), frame + word);
  };
  for (const Region &region : regions)
    rebase(region.word);
  rebase(Scratch);
}

Ptr workerScratch(Code &code, Ptr frame, Int worker) {
  return code.loadPtr(frame + Frame::Scratch) +
         worker * code.loadInt(frame + Frame::ScratchBytes);
}

} // namespace moelora::codegen
