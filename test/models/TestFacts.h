// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer in a few words: everything in which it differs from 8 experts of
// which 2 are chosen, silu(gate) * up, and weights that are left as they are.
#ifndef MOELORA_TEST_MODELS_TESTFACTS_H
#define MOELORA_TEST_MODELS_TESTFACTS_H

#include "moelora/models/Model.h"

namespace moelora::models {

/// The facts of the first layer with experts.
std::string factsOf(const Model &model);

} // namespace moelora::models

#endif // MOELORA_TEST_MODELS_TESTFACTS_H
