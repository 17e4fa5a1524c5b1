/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions that a kernel calls, by what they do.
 */
#ifndef MOELORA_EMULATOR_CALLS_H
#define MOELORA_EMULATOR_CALLS_H

#include "moelora/emulator/Kernel.h"

namespace moelora::emulator {

struct Thread;
struct Region;

/// All of them.
const moelora_emulator_calls &calls();

void addAccessCalls(moelora_emulator_calls &calls);
void addBarrierCalls(moelora_emulator_calls &calls);
void addCopyCalls(moelora_emulator_calls &calls);
void addMatrixCalls(moelora_emulator_calls &calls);
void addWarpCalls(moelora_emulator_calls &calls);

Thread &threadOf(moelora_emulator_thread *thread);

/// Memory that a thread reaches through a pointer.
struct Reach {
  char *address;
  uint64_t offset; ///< in the allocation, or in shared memory
  const struct Allocation *allocation; ///< NULL: shared memory
};

/// What a thread wants of memory. `kind`: moelora_emulator_access.
struct Access {
  uint64_t bytes;
  uint32_t alignment, kind, site;
};

/// Where a pointer leads; a fault where it leads beyond what it may reach.
Reach reach(Thread &thread, const void *pointer, const Access &access);
/// Counts and checks an access, which is about to happen.
void noteAccess(Thread &thread, const Reach &reach, const Access &access);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_CALLS_H
