// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares the features that compiled code needs with those of this CPU.
#ifndef MOELORA_EXECUTE_CPUFEATURES_H
#define MOELORA_EXECUTE_CPUFEATURES_H

#include <string>

namespace moelora {

/// The first of the comma-separated `features`, spelled as LLVM spells them,
/// that this CPU lacks or that is not known here; empty when it has them all.
std::string firstMissingFeature(const std::string &features);

} // namespace moelora

#endif // MOELORA_EXECUTE_CPUFEATURES_H
