/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The calls of cp.async: copies, groups, and waits.
 */
#include "Accesses.h"
#include "Block.h"
#include "Calls.h"

using namespace moelora;
using namespace moelora::emulator;

namespace {

constexpr uint32_t sharedStore =
    MOELORA_EMULATOR_STORE | MOELORA_EMULATOR_SHARED;

void checkSizes(Thread &thread, uint32_t bytes, uint32_t fromBytes,
                uint32_t site) {
  if (bytes != 4 && bytes != 8 && bytes != 16)
    thread.block->fault(thread, site,
                        "expects to copy 4, 8 or 16 bytes, but they are " +
                            std::to_string(bytes));
  if (fromBytes > bytes)
    thread.block->fault(thread, site,
                        "expects to read at most the " + std::to_string(bytes) +
                            " bytes that are copied, but they are " +
                            std::to_string(fromBytes));
}

/// Counts a copy and marks the cells that it writes, which no thread may access
/// until the end of the copy.
void begin(Thread &thread, const AsyncCopy &copy) {
  Block &block = *thread.block;
  ++block.counts->copies;
  block.counts->sharedStoreBytes += copy.bytes;
  if (!block.launch->options.checks)
    return;
  thread.warp->banks.access(thread.lane, thread.bankCursor, copy.site,
                            copy.offset, copy.bytes);
  if (auto conflict = block.shadow.beginCopy(copy.offset, copy.bytes,
                                             block.accessor(thread, copy.site)))
    block.fault(thread, copy.site, shownConflict(block, *conflict));
}

void copyAsync(moelora_emulator_thread *caller, void *to, void *from,
               uint32_t bytes, uint32_t fromBytes, uint32_t site) {
  Thread &thread = threadOf(caller);
  checkSizes(thread, bytes, fromBytes, site);
  Reach target = reach(thread, to, {bytes, bytes, sharedStore, site});
  const char *source = nullptr;
  // A copy that reads nothing need not have a valid source.
  if (fromBytes) {
    Access load = {fromBytes, bytes, MOELORA_EMULATOR_LOAD, site};
    Reach found = reach(thread, from, load);
    noteAccess(thread, found, load);
    source = found.address;
  }
  AsyncCopy copy = {
      target.address, source,    static_cast<uint32_t>(target.offset),
      bytes,          fromBytes, site};
  begin(thread, copy);
  thread.copies.issue(copy, thread.block->launch->options.fill);
  if (thread.block->schedule->kind() == Order::Random)
    thread.copies.moveSome(thread.block->schedule->random());
}

void copyCommit(moelora_emulator_thread *caller, uint32_t) {
  threadOf(caller).copies.commit();
}

/// Returns a function that ends a copy. After it, the thread may access the
/// destination.
auto endOf(Thread &thread) {
  return [&thread](const AsyncCopy &copy) {
    Block &block = *thread.block;
    if (block.launch->options.checks)
      block.shadow.endCopy(copy.offset, copy.bytes,
                           block.accessor(thread, copy.site));
  };
}

void copyWait(moelora_emulator_thread *caller, uint32_t pending, uint32_t) {
  Thread &thread = threadOf(caller);
  thread.copies.wait(pending, endOf(thread));
}

void copyWaitAll(moelora_emulator_thread *caller, uint32_t) {
  Thread &thread = threadOf(caller);
  thread.copies.waitAll(endOf(thread));
}

} // namespace

void emulator::addCopyCalls(moelora_emulator_calls &calls) {
  calls.copy_async = copyAsync;
  calls.copy_commit = copyCommit;
  calls.copy_wait = copyWait;
  calls.copy_wait_all = copyWaitAll;
}
