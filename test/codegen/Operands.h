// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the interpreter reads of a layer, in the memory that compiled code
// reads: elements in their types, adapters in pages, slots in a directory.
// Every operand ends where no page is mapped.

#ifndef MOELORA_TEST_CODEGEN_OPERANDS_H
#define MOELORA_TEST_CODEGEN_OPERANDS_H

#include "../differential/Pages.h"
#include "Guarded.h"
#include "moelora/interpreter/Interpreter.h"

namespace moelora::codetest {

moelora_dtype describe(mlir::Type element);

class Operands {
public:
  Operands(LayerOp layer, const interpreter::Inputs &inputs);
  Operands(Operands &&) = delete;

  /// Null where the layer has no such argument.
  const void *get(moelora_role role) const { return memory[role].data(); }
  /// Null without adapters.
  const moelora_directory *directory() const {
    return entries.empty() ? nullptr : &slotDirectory;
  }

private:
  void addTensor(moelora_role role, mlir::Type element,
                 const interpreter::Tensor &tensor);
  void addAdapters(LayerOp layer, const interpreter::Inputs &inputs);

  std::array<Guarded, MOELORA_ROLES> memory;
  std::deque<differential::Pages> pages;
  std::vector<uint64_t> entries;
  moelora_directory slotDirectory = {};
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_OPERANDS_H
