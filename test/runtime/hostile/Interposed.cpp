/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Definitions in the program come before those of the system's libraries, for
 * every library of the process. They reach the system by its calls.
 */
#include "Interposed.h"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <new>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace moelora::test {

namespace {

std::atomic<Fault> armed{Fault::None};
std::atomic<uint64_t> calls, failed, failAt, allReads;
std::atomic<int64_t> live;
std::atomic<bool> lasts;
std::atomic<uint64_t> readsToHook;
std::function<void()> readHook;

} // namespace

const char *faultName(Fault fault) {
  static const char *const names[] = {
      "none",   "allocation", "mapping", "opening", "reading",
      "ending", "interrupt",  "halving", "thread",  "device"};
  return names[static_cast<int>(fault)];
}

void armFault(Fault fault, uint64_t at, bool lasting) {
  calls = failed = 0;
  failAt = at;
  lasts = lasting;
  armed = fault;
}

uint64_t disarmFault() {
  armed = Fault::None;
  return failed;
}

bool failsNow(Fault fault) {
  if (armed.load(std::memory_order_relaxed) != fault)
    return false;
  uint64_t call = calls++;
  bool fails = lasts ? call >= failAt : call == failAt;
  failed += fails;
  return fails;
}

void hookRead(uint64_t reads, std::function<void()> hook) {
  readHook = std::move(hook);
  readsToHook = readHook ? reads : 0;
}

uint64_t readCalls() { return allReads; }
int64_t liveAllocations() { return live; }

static void *allocate(size_t bytes) {
  if (failsNow(Fault::Allocation))
    throw std::bad_alloc();
  void *memory = std::malloc(bytes ? bytes : 1);
  if (!memory)
    throw std::bad_alloc();
  live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

static void *allocateAligned(size_t bytes, size_t alignment) {
  void *memory = nullptr;
  if (failsNow(Fault::Allocation) ||
      ::posix_memalign(&memory, alignment, bytes ? bytes : 1) != 0)
    throw std::bad_alloc();
  live.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

static void release(void *memory) noexcept {
  live.fetch_sub(memory != nullptr, std::memory_order_relaxed);
  std::free(memory);
}

/// One read with its fault, if it is to have one.
static ssize_t readFaultily(int file, void *to, size_t bytes, off_t offset) {
  if (failsNow(Fault::Reading))
    return errno = EIO, -1;
  if (failsNow(Fault::Ending))
    return 0;
  if (failsNow(Fault::Interrupt))
    return errno = EINTR, -1;
  if (failsNow(Fault::Halving))
    bytes = (bytes + 1) / 2;
  return ::syscall(SYS_pread64, file, to, bytes, offset);
}

static ssize_t readAndHook(int file, void *to, size_t bytes, off_t offset) {
  ++allReads;
  ssize_t got = readFaultily(file, to, bytes, offset);
  uint64_t left = readsToHook.load();
  while (left > 0 && !readsToHook.compare_exchange_weak(left, left - 1))
    ;
  if (left == 1) {
    int error = errno;
    readHook();
    errno = error;
  }
  return got;
}

} // namespace moelora::test

using namespace moelora::test;

void *operator new(size_t bytes) { return allocate(bytes); }
void *operator new[](size_t bytes) { return allocate(bytes); }
void *operator new(size_t bytes, std::align_val_t alignment) {
  return allocateAligned(bytes, static_cast<size_t>(alignment));
}
void *operator new[](size_t bytes, std::align_val_t alignment) {
  return allocateAligned(bytes, static_cast<size_t>(alignment));
}
void operator delete(void *memory) noexcept { release(memory); }
void operator delete[](void *memory) noexcept { release(memory); }
void operator delete(void *memory, size_t) noexcept { release(memory); }
void operator delete[](void *memory, size_t) noexcept { release(memory); }
void operator delete(void *memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete[](void *memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete(void *memory, size_t, std::align_val_t) noexcept {
  release(memory);
}
void operator delete[](void *memory, size_t, std::align_val_t) noexcept {
  release(memory);
}

extern "C" {

ssize_t pread(int file, void *to, size_t bytes, off_t offset) {
  return readAndHook(file, to, bytes, offset);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (failsNow(Fault::Opening))
    return errno = EMFILE, -1;
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int fstat(int file, struct stat *status) noexcept {
  if (failsNow(Fault::Opening))
    return errno = EIO, -1;
  return static_cast<int>(
      ::syscall(SYS_newfstatat, file, "", status, AT_EMPTY_PATH));
}

void *mmap(void *at, size_t bytes, int protection, int flags, int file,
           off_t offset) noexcept {
  if (failsNow(Fault::Mapping))
    return errno = ENOMEM, MAP_FAILED;
  return reinterpret_cast<void *>(
      ::syscall(SYS_mmap, at, bytes, protection, flags, file, offset));
}

// The sanitizers' own, where there is one.
int __interceptor_pthread_create(pthread_t *, const pthread_attr_t *,
                                 void *(*)(void *), void *)
    __attribute__((weak));

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument) noexcept {
  if (failsNow(Fault::Thread))
    return EAGAIN;
  using Create = decltype(&__interceptor_pthread_create);
  static Create next =
      __interceptor_pthread_create
          ? __interceptor_pthread_create
          : reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, start, argument);
}
}
