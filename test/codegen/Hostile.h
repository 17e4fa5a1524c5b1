// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs with numbers that memory may hold, but nobody should have written.

#ifndef MOELORA_TEST_CODEGEN_HOSTILE_H
#define MOELORA_TEST_CODEGEN_HOSTILE_H

#include "CompiledLayer.h"

namespace moelora::codetest {

/// What a run does that it must not; empty: nothing. `input` is one that is as
/// it should be, of all tokens, and `output` what it gives. Whoever reads or
/// writes past the memory of a run dies.
std::string whyHarmed(const CompiledLayer &code, const Operands &operands,
                      const RunInput &input, moelora_entry_kind entry,
                      const std::vector<char> &output);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_HOSTILE_H
