// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels of tests are C++ functions that call the emulator as compiled kernels
// do, through the functions of `Gpu`.
#ifndef MOELORA_TEST_EMULATOR_GPU_H
#define MOELORA_TEST_EMULATOR_GPU_H

#include "moelora/emulator/Kernel.h"

namespace moelora::test {

constexpr uint32_t wholeWarp = ~0u;

/// A GPU thread. A call that finds a fault does not return, and destructors of
/// the kernel's variables are not run.
struct Gpu {
  moelora_emulator_thread *self;

  const moelora_emulator_calls &calls() const { return *self->calls; }
  uint32_t tid() const { return calls().special(self, MOELORA_EMULATOR_TID_X); }
  uint32_t block() const {
    return calls().special(self, MOELORA_EMULATOR_CTAID_X);
  }
  uint32_t lane() const {
    return calls().special(self, MOELORA_EMULATOR_LANEID);
  }

  template <typename T = void> T *shared(uint64_t offset = 0) const {
    return reinterpret_cast<T *>(static_cast<char *>(calls().shared(self)) +
                                 offset);
  }
  template <typename T> T load(const T *from, uint32_t site) const {
    return *address(const_cast<T *>(from), MOELORA_EMULATOR_LOAD, site);
  }
  template <typename T> void store(T *to, T value, uint32_t site) const {
    *address(to, MOELORA_EMULATOR_STORE, site) = value;
  }
  template <typename T> T loadShared(uint64_t at, uint32_t site) const {
    return *address(shared<T>(at),
                    MOELORA_EMULATOR_LOAD | MOELORA_EMULATOR_SHARED, site);
  }
  template <typename T>
  void storeShared(uint64_t at, T value, uint32_t site) const {
    *address(shared<T>(at), MOELORA_EMULATOR_STORE | MOELORA_EMULATOR_SHARED,
             site) = value;
  }
  uint32_t atomicAdd(uint32_t *to, uint32_t value, uint32_t site,
                     uint32_t space = 0) const {
    uint32_t *there = address(to, MOELORA_EMULATOR_ATOMIC | space, site);
    return __atomic_fetch_add(there, value, __ATOMIC_RELAXED);
  }
  template <typename T>
  T *address(T *pointer, uint32_t kind, uint32_t site) const {
    return static_cast<T *>(
        calls().access(self, pointer, sizeof(T), alignof(T), kind, site));
  }
  template <typename T> T *bounded(T *pointer, uint64_t bytes) const {
    return static_cast<T *>(calls().bounded(self, pointer, bytes, 0));
  }

  void barrier(uint32_t site, uint32_t number = 0, uint32_t threads = 0) const {
    calls().barrier(self, number, threads, site);
  }
  void warpBarrier(uint32_t site, uint32_t mask = wholeWarp) const {
    calls().warp_barrier(self, mask, site);
  }
  void fence(uint32_t site) const {
    calls().fence(self, MOELORA_EMULATOR_SCOPE_DEVICE, site);
  }
  uint32_t shuffle(uint32_t kind, uint32_t value, uint32_t lane,
                   uint32_t clamp = 31, uint32_t site = 0) const {
    return calls().shuffle(self, kind, wholeWarp, value, lane, clamp, nullptr,
                           site);
  }
};

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_GPU_H
