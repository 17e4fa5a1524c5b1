// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan of a random batch against a sort of the host: rows are in ascending
// order of their expert, their slot, and their pair.
#ifndef MOELORA_TEST_EMULATOR_PLANCHECK_H
#define MOELORA_TEST_EMULATOR_PLANCHECK_H

#include "PlannedKernel.h"

namespace moelora::test {

/// Runs on the architecture with the least shared memory, 99 KiB. `options` are
/// others of the emulator, each with a comma in front.
void expectTheSamePlan(const PlanShape &shape, int64_t tokens, uint64_t seed,
                       const std::string &options = "");

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_PLANCHECK_H
