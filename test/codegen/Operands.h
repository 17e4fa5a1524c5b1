// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts the inputs of the interpreter to memory for compiled code: elements
// in their types, adapters in images, slot ids in a step.

#ifndef MOELORA_TEST_CODEGEN_OPERANDS_H
#define MOELORA_TEST_CODEGEN_OPERANDS_H

#include "../differential/Pages.h"
#include "Guarded.h"
#include "moelora/interpreter/Interpreter.h"

#include <deque>

namespace moelora::codetest {

moelora_dtype describe(mlir::Type element);

/// The projection of the first slice of a table; that of the second is the next
/// one. The one slice of a layer without gates is up. Written once more, apart
/// from the code generator's list.
int firstProjection(Role role, int64_t slices);

class Operands {
public:
  Operands(LayerOp layer, const interpreter::Inputs &inputs);
  Operands(Operands &&) = delete;

  /// Null where the layer has no such argument. It ends at a guard.
  const void *get(moelora_role role) const { return bytes[role].data(); }
  /// By slot; not all of them are published.
  const std::deque<differential::Pages> &images() const { return pages; }
  /// The words of the slots; empty without adapters.
  const std::vector<uint64_t> &words() const { return slotWords; }
  /// The slot numbers of the tokens, as a step resolves them.
  const std::vector<int32_t> &numbers() const { return slotNumbers; }

private:
  void addTensor(moelora_role role, mlir::Type element,
                 const interpreter::Tensor &tensor);
  void addNumbers(const interpreter::Tensor &ids,
                  const interpreter::Inputs &inputs);
  void addAdapters(LayerOp layer, const interpreter::Inputs &inputs);

  std::array<Guarded, MOELORA_ROLES> bytes;
  std::deque<differential::Pages> pages;
  std::vector<uint64_t> slotWords;
  std::vector<int32_t> slotNumbers;
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_OPERANDS_H
