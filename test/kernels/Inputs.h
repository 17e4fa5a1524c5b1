// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What runs read in the place of the data of their case.
#ifndef MOELORA_TEST_KERNELS_INPUTS_H
#define MOELORA_TEST_KERNELS_INPUTS_H

#include "differential/Data.h"

namespace moelora::kernels {

using differential::Case;
using differential::Data;

/// Expert ids; empty if a run reads none. Tokens have one row: all choices but
/// the first are invalid.
std::vector<int32_t> firstChoices(const Case &c, const Data &data);
/// The same, but tokens have all of their rows: no id is invalid.
std::vector<int32_t> validChoices(const Case &c, const Data &data);

/// Logits; empty if a run reads none. Of three tokens, one has scores of zero
/// for the first half of the experts, one has low scores, and one has some that
/// are NaN, but not of experts that are always chosen.
std::vector<float> oddLogits(const Case &c, const Data &data);

/// Rows, of which every third one is NaN; empty if a run reads none.
std::vector<char> someRowsOfNaN(const Case &c, const Data &data);

/// The deltas of this adapter are not finite.
reference::Adapter infinite(reference::Adapter adapter);
/// This adapter lacks one of its projections.
reference::Adapter shortened(reference::Adapter adapter);

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_INPUTS_H
