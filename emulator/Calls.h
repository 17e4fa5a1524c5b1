/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The table of functions that a kernel calls. Each file adds the functions of
 * its subject.
 */
#ifndef MOELORA_EMULATOR_CALLS_H
#define MOELORA_EMULATOR_CALLS_H

#include "moelora/emulator/Kernel.h"

namespace moelora::emulator {

struct Thread;

/// The complete table.
const moelora_emulator_calls &calls();

void addAccessCalls(moelora_emulator_calls &calls);
void addBarrierCalls(moelora_emulator_calls &calls);
void addCopyCalls(moelora_emulator_calls &calls);
void addMatrixCalls(moelora_emulator_calls &calls);
void addWarpCalls(moelora_emulator_calls &calls);

Thread &threadOf(moelora_emulator_thread *thread);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_CALLS_H
