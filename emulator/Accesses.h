/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks and counts the accesses of a thread to memory.
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

/// The memory that a thread reaches through a pointer.
struct Reach {
  char *address;
  uint64_t offset; ///< in bytes, in the allocation or in shared memory
  const Allocation *allocation; ///< NULL for shared memory
};

/// An access to memory. `kind` consists of bits of moelora_emulator_access;
/// without any, the kind of memory is not checked.
struct Access {
  uint64_t bytes;
  uint32_t alignment, kind, site;
};

/// Finds the memory that a pointer points to. It is a fault if the access is
/// outside the region of the pointer, is misaligned, or reaches released memory
/// or another kind of memory.
Reach reach(Thread &thread, const void *pointer, const Access &access);
/// Counts an access and checks it for races. The kernel performs the access
/// after this call.
void noteAccess(Thread &thread, const Reach &reach, const Access &access);

/// The message of a fault in an access to shared memory.
std::string shownConflict(const Block &block, const Conflict &conflict);

/// Compares the memory of the thread's doubtful store, if there is one, with
/// its contents before the store. It is a fault if the store has changed them.
void settleStore(Thread &thread);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_ACCESSES_H
