// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares a result with the expected one, in units of the error bound.
#ifndef MOELORA_HOST_COMPARE_H
#define MOELORA_HOST_COMPARE_H

#include "moelora/host/Exact.h"
#include "moelora/reference/Compare.h"

namespace moelora::host {

/// Up to 16 tokens, distributed over the batch.
std::vector<int64_t> sampleTokens(int64_t tokens);

/// Compares the tokens of `exact`; `output` is [T, H] of `type`. If `wanted`
/// [T, H] is given, it is the expected output, and `exact` only provides
/// bounds. Otherwise undecided tokens are left out.
reference::Verdict compare(const Operand &output, int64_t width,
                           const ExactRows &exact,
                           const std::vector<double> *wanted);

} // namespace moelora::host

#endif // MOELORA_HOST_COMPARE_H
