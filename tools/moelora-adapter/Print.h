// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints documents for people.
#ifndef MOELORA_TOOLS_ADAPTER_PRINT_H
#define MOELORA_TOOLS_ADAPTER_PRINT_H

#include "moelora/adapters/Questions.h"

namespace moelora::adapters {

void printInspection(const Json &report);
void printBinding(const Json &report);
/// Prints the first differences. The document has all of them.
void printDifferences(const Json &report);

} // namespace moelora::adapters

#endif // MOELORA_TOOLS_ADAPTER_PRINT_H
