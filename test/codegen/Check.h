// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares a compiled layer with the interpreter.

#ifndef MOELORA_TEST_CODEGEN_CHECK_H
#define MOELORA_TEST_CODEGEN_CHECK_H

#include "CompiledLayer.h"
#include "moelora/reference/Compare.h"

namespace moelora::codetest {

struct CheckOptions {
  int64_t tokens;
  moelora_pool *pool;
  /// Is added to the output, in units of a row's largest number.
  double error = 0;
};

/// One layer at one tier; complaints go to `why`.
class Check {
public:
  Check(LayerOp layer, const interpreter::Inputs &inputs, llvm::StringRef tier,
        const CheckOptions &options);

  std::string why;
  reference::Verdict verdict;
  unsigned entries = 0;

  /// Checks that every entry point of the layer has the expected output.
  void run(const interpreter::Tensor &wanted);

private:
  void checkSizes(LayerOp layer);
  std::vector<char> runEntry(moelora_entry_kind entry);
  uint64_t countStray(const void *ids);
  void complain(moelora_entry_kind entry, const std::string &what);

  CheckOptions options;
  int64_t products; ///< of the longest sum
  Operands operands;
  CompiledLayer code;
  Routing routing;
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_CHECK_H
