// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stands in for the functions of the system that it counts, for the runtime
// too. Every other way to allocate ends in one of them.

#include "Counted.h"

#include <atomic>
#include <cstddef>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/types.h>

namespace {

std::atomic<int> allocations{0}, locks{0};

template <typename Function> Function *next(const char *name) {
  return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

/// dlsym may allocate memory before it has returned the allocator.
alignas(16) char early[4096];
size_t earlyBytes = 0;

void *takeEarly(size_t bytes) {
  size_t at = (earlyBytes + 15) / 16 * 16;
  earlyBytes = at + bytes;
  return earlyBytes <= sizeof early ? early + at : nullptr;
}

bool isEarly(const void *memory) {
  return memory >= early && memory < early + sizeof early;
}

} // namespace

moelora::test::Costs moelora::test::costsSoFar() {
  return {allocations.load(), locks.load()};
}

// operator new ends in malloc too.
extern "C" void *malloc(size_t bytes) {
  static auto *real = next<void *(size_t)>("malloc");
  ++allocations;
  return real(bytes);
}

extern "C" void *calloc(size_t count, size_t bytes) {
  static void *(*real)(size_t, size_t) = nullptr;
  static bool asking = false;
  if (!real) {
    if (asking)
      return takeEarly(count * bytes);
    asking = true;
    real = next<void *(size_t, size_t)>("calloc");
  }
  ++allocations;
  return real(count, bytes);
}

extern "C" void *realloc(void *memory, size_t bytes) {
  static auto *real = next<void *(void *, size_t)>("realloc");
  ++allocations;
  return real(memory, bytes);
}

extern "C" void free(void *memory) {
  static auto *real = next<void(void *)>("free");
  if (!isEarly(memory))
    real(memory);
}

extern "C" void *aligned_alloc(size_t alignment, size_t bytes) noexcept {
  static auto *real = next<void *(size_t, size_t)>("aligned_alloc");
  ++allocations;
  return real(alignment, bytes);
}

extern "C" int posix_memalign(void **memory, size_t alignment,
                              size_t bytes) noexcept {
  static auto *real = next<int(void **, size_t, size_t)>("posix_memalign");
  ++allocations;
  return real(memory, alignment, bytes);
}

extern "C" void *memalign(size_t alignment, size_t bytes) noexcept {
  static auto *real = next<void *(size_t, size_t)>("memalign");
  ++allocations;
  return real(alignment, bytes);
}

extern "C" void *mmap64(void *address, size_t bytes, int protection, int flags,
                        int file, off64_t offset) noexcept {
  static auto *real =
      next<void *(void *, size_t, int, int, int, off64_t)>("mmap64");
  ++allocations;
  return real(address, bytes, protection, flags, file, offset);
}

extern "C" void *mmap(void *address, size_t bytes, int protection, int flags,
                      int file, off_t offset) noexcept {
  static auto *real =
      next<void *(void *, size_t, int, int, int, off_t)>("mmap");
  ++allocations;
  return real(address, bytes, protection, flags, file, offset);
}

extern "C" int pthread_mutex_lock(pthread_mutex_t *mutex) noexcept {
  static auto *real = next<int(pthread_mutex_t *)>("pthread_mutex_lock");
  ++locks;
  return real(mutex);
}

extern "C" int pthread_mutex_trylock(pthread_mutex_t *mutex) noexcept {
  static auto *real = next<int(pthread_mutex_t *)>("pthread_mutex_trylock");
  ++locks;
  return real(mutex);
}

extern "C" int pthread_rwlock_rdlock(pthread_rwlock_t *lock) noexcept {
  static auto *real = next<int(pthread_rwlock_t *)>("pthread_rwlock_rdlock");
  ++locks;
  return real(lock);
}

extern "C" int pthread_rwlock_wrlock(pthread_rwlock_t *lock) noexcept {
  static auto *real = next<int(pthread_rwlock_t *)>("pthread_rwlock_wrlock");
  ++locks;
  return real(lock);
}
