/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Accesses of a thread to memory.
 */
#ifndef MOELORA_EMULATOR_ACCESSES_H
#define MOELORA_EMULATOR_ACCESSES_H

#include <cstdint>
#include <string>

namespace moelora::emulator {

struct Allocation;
struct Conflict;
struct Thread;
class Block;

/// Memory that a thread reaches through a pointer.
struct Reach {
  char *address;
  uint64_t offset;              ///< in the allocation, or in shared memory
  const Allocation *allocation; ///< NULL: shared memory
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

/// Why an access to shared memory is a fault.
std::string shownConflict(const Block &block, const Conflict &conflict);

/// Compares a doubtful store of the thread with what was there before.
void settleStore(Thread &thread);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_ACCESSES_H
