// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "gpu/RowKernels.h"

using namespace mlir;

namespace moelora::codegen {

static constexpr int64_t MostBlocks = 1024;

void forTokens(Kernel &kernel, llvm::function_ref<void(Int)> body) {
  KernelCode &code = kernel.code;
  Int step = code.blocks() * RowWarps, tokens = kernel.tokens();
  code.repeat((code.block() * RowWarps + code.warp()).value,
              [&](ValueRange i) { return code.less({&code, i[0]}, tokens); },
              [&](ValueRange i) {
                Int token{&code, i[0]};
                body(token);
                return Code::Values{(token + step).value};
              });
}

RunStage launchRows(GpuLowering &lowering, const KernelInfo &kernel) {
  return [=, &lowering](Code &code, Ptr frame) {
    Int tokens = code.loadInt(frame + Frame::Tokens);
    Int blocks = (tokens + (RowWarps - 1)) / RowWarps;
    lowering.launch(code, frame, kernel,
                    code.least(blocks, code.i64(MostBlocks)));
  };
}

} // namespace moelora::codegen
