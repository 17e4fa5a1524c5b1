// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference on the inputs of a layer of IR that is cut.

#ifndef MOELORA_TEST_CODEGEN_REFERENCEGROUP_H
#define MOELORA_TEST_CODEGEN_REFERENCEGROUP_H

#include "moelora/interpreter/Interpreter.h"
#include "moelora/reference/Layer.h"

namespace moelora::codetest {

/// The output [tokens, H] of all ranks, rounded where they round. `part` is the
/// layer of one rank, `inputs` are those of `whole`, which `description`
/// describes. `entry` tells what the layer is given.
interpreter::Tensor referenceOfRanks(LayerOp part, LayerOp whole,
                                     const moelora_layer &description,
                                     reference::Entry entry,
                                     const interpreter::Inputs &inputs);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_REFERENCEGROUP_H
