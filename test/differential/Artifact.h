// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an artifact says of its layer.

#ifndef MOELORA_TEST_DIFFERENTIAL_ARTIFACT_H
#define MOELORA_TEST_DIFFERENTIAL_ARTIFACT_H

#include "Case.h"

namespace moelora::differential {

/// Empty where the artifact describes the layer, the operands and the slot
/// table of the case; else what differs.
std::string whyNotDescribed(const Case &c, const moelora_artifact &artifact);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_ARTIFACT_H
