/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules for the description of a layer.
 */
#ifndef MOELORA_RUNTIME_LAYERRULES_H
#define MOELORA_RUNTIME_LAYERRULES_H

#include "moelora/runtime/Abi.h"

#include <string>

namespace moelora {

/// The largest dimension of a layer, so that no product overflows: 2048 experts
/// * 2 * 2^24 * 2^24 * 4 bytes is 2^62.
constexpr int64_t largestDimension = int64_t(1) << 24;

/// Fails with "expects WHAT of a compiled layer to be in [low, high], but it is
/// VALUE".
void expectWithin(const std::string &what, int64_t value, int64_t low,
                  int64_t high);

/// Checks the parts of the layer that these entry points use, a bit per
/// moelora_entry_kind.
void checkLayer(const moelora_layer &layer, uint32_t entries);

} // namespace moelora

#endif // MOELORA_RUNTIME_LAYERRULES_H
