// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs with invalid numbers in memory.

#ifndef MOELORA_TEST_CODEGEN_HOSTILE_H
#define MOELORA_TEST_CODEGEN_HOSTILE_H

#include "CompiledLayer.h"

namespace moelora::codetest {

/// The error of a run; empty if there is none. `input` is a valid input of all
/// tokens, and `output` its output. An access beyond the memory of a run is a
/// fault.
std::string whyHarmed(const CompiledLayer &code, const Operands &operands,
                      const RunInput &input, moelora_entry_kind entry,
                      const std::vector<char> &output);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_HOSTILE_H
