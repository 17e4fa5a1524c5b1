/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The system as the runtime sees it, with faults: Interposed.cpp defines
 * operator new, pread, open, fstat, mmap and pthread_create for the whole
 * process, shared libraries included.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_INTERPOSED_H
#define MOELORA_TEST_RUNTIME_HOSTILE_INTERPOSED_H

#include <cstdint>
#include <functional>

namespace moelora::test {

enum class Fault {
  None,
  Allocation, ///< operator new
  Mapping,    ///< mmap
  Opening,    ///< open and fstat
  Reading,    ///< pread returns EIO
  Ending,     ///< pread finds the end of the file
  Interrupt,  ///< pread is interrupted; to be tried again
  Halving,    ///< pread reads half; the rest needs another call
  Thread,     ///< pthread_create
  Device      ///< every function of a device that may fail
};
const char *faultName(Fault fault);

/// From now on call number `at` (0: the next) fails, in any thread; with
/// `lasting` every later one too.
void armFault(Fault fault, uint64_t at, bool lasting);
/// Ends it; how many calls failed.
uint64_t disarmFault();
/// Whether this call is to fail.
bool failsNow(Fault fault);

/// Calls `hook` once, after this number of reads (1: the next). NULL removes
/// it.
void hookRead(uint64_t reads, std::function<void()> hook);

/// Reads since the process began.
uint64_t readCalls();
/// Allocations that have not been freed.
int64_t liveAllocations();

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_INTERPOSED_H
