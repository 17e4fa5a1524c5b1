// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef MOELORA_TEST_CODEGEN_WHOLERUN_H
#define MOELORA_TEST_CODEGEN_WHOLERUN_H

#include "CompiledLayer.h"

namespace moelora::codetest {

/// The choices and the output of a layer that is not cut, as code for one tier.
class WholeRun {
public:
  WholeRun(LayerOp layer, llvm::StringRef tier,
           const interpreter::Inputs &inputs, int64_t tokens);

  /// Whether the choices of some tokens have these bits.
  bool chose(const Routing &own, int64_t first, int64_t count) const;
  /// Whether the output of some tokens has these bits.
  bool computed(const std::vector<char> &own, int64_t first,
                int64_t count) const;

private:
  int64_t tokens;
  RunResult result;
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_WHOLERUN_H
