/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts calls of open and posix_fadvise without allocating, and calls the
 * system.
 */
#include "Calls.h"

#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace moelora::test {

struct Watches {
  std::mutex mutex;
  std::condition_variable changed;
  Watch *first = nullptr;

  static Watches &all() {
    static Watches watches;
    return watches;
  }

  /// Increases the counter of the object that watches this path.
  void note(std::string_view path, int Watch::*count) {
    std::lock_guard<std::mutex> lock(mutex);
    for (Watch *watch = first; watch; watch = watch->next)
      if (watch->path == path)
        ++(watch->*count);
    changed.notify_all();
  }
  void noteOpen(std::string_view path) {
    note(path, &Watch::opened);
    for (const std::function<void()> &call : onOpen(path))
      call(); // without the lock
  }
  void noteReadAhead(std::string_view path) { note(path, &Watch::readAhead); }

private:
  /// Does not allocate if there is no callback.
  std::vector<std::function<void()>> onOpen(std::string_view path) {
    std::vector<std::function<void()>> calls;
    std::lock_guard<std::mutex> lock(mutex);
    for (Watch *watch = first; watch; watch = watch->next)
      if (watch->path == path && watch->onOpen)
        calls.push_back(watch->onOpen);
    return calls;
  }
};

Watch::Watch(std::string path, std::function<void()> onOpen)
    : path(std::move(path)), onOpen(std::move(onOpen)) {
  std::lock_guard<std::mutex> lock(Watches::all().mutex);
  next = std::exchange(Watches::all().first, this);
}

Watch::~Watch() {
  std::lock_guard<std::mutex> lock(Watches::all().mutex);
  Watch **link = &Watches::all().first;
  while (*link != this)
    link = &(*link)->next;
  *link = next;
}

int Watch::opens() const {
  std::lock_guard<std::mutex> lock(Watches::all().mutex);
  return opened;
}

void Watch::awaitReadAhead(int times) const {
  std::unique_lock<std::mutex> lock(Watches::all().mutex);
  Watches::all().changed.wait(lock, [&] { return readAhead >= times; });
}

} // namespace moelora::test

using moelora::test::Watches;

extern "C" int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  Watches::all().noteOpen(path);
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

extern "C" int posix_fadvise(int file, off_t offset, off_t length,
                             int advice) noexcept {
  char link[32], path[1024];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = ::readlink(link, path, sizeof path);
  if (advice == POSIX_FADV_WILLNEED && offset == 0 && length == 0 && size > 0)
    Watches::all().noteReadAhead({path, static_cast<size_t>(size)});
  return static_cast<int>(
      ::syscall(SYS_fadvise64, file, offset, length, advice));
}
