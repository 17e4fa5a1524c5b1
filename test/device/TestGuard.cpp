// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fault of the device at guarded memory is recorded, and the page is made
// accessible, so that the kernel continues and reads NaN. All other faults end
// the program.

#include "TestGuard.h"

#include <array>
#include <csignal>
#include <sys/mman.h>

using namespace moelora::test;

namespace {

thread_local int working = 0; // on this thread, for the device

std::array<std::atomic<TestMemory *>, 16> guarded;
struct sigaction before;

void onFault(int signal, siginfo_t *information, void *) {
  for (std::atomic<TestMemory *> &place : guarded)
    if (TestMemory *memory = place.load();
        memory && memory->forgive(information->si_addr))
      return;
  // The access is made once more, and is what it was without us.
  ::sigaction(signal, &before, nullptr);
}

void handleFaults() {
  static const bool once = [] {
    struct sigaction action = {};
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    return ::sigaction(SIGSEGV, &action, &before) == 0;
  }();
  (void)once;
}

} // namespace

void moelora::test::guard(TestMemory &memory) {
  handleFaults();
  for (std::atomic<TestMemory *> &place : guarded) {
    TestMemory *nothing = nullptr;
    if (place.compare_exchange_strong(nothing, &memory))
      return;
  }
}

void moelora::test::unguard(TestMemory &memory) {
  for (std::atomic<TestMemory *> &place : guarded) {
    TestMemory *mine = &memory;
    place.compare_exchange_strong(mine, nullptr);
  }
}

bool TestMemory::forgive(const void *address) {
  constexpr uintptr_t page = 4096;
  if (!working || !contains(address))
    return false;
  touched = true;
  auto first = reinterpret_cast<uintptr_t>(address) / page * page;
  return ::mprotect(reinterpret_cast<void *>(first), page,
                    PROT_READ | PROT_WRITE) == 0;
}

bool TestMemory::takeTouch() {
  if (!touched.exchange(false))
    return false;
  std::shared_lock<std::shared_mutex> lock(mutex);
  for (const Block &block : blocks)
    if (!block.live)
      protect(block, PROT_NONE);
  return true;
}

void TestMemory::open() {
  ++working;
  ++opened;
  if (!hidden)
    return;
  std::lock_guard<std::mutex> lock(users);
  ++userCount;
  protect(PROT_READ | PROT_WRITE); // with what came since others opened it
}

void TestMemory::close() {
  --working;
  if (!hidden)
    return;
  std::lock_guard<std::mutex> lock(users);
  if (--userCount == 0)
    protect(PROT_NONE);
}
