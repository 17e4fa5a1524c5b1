/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Observes the library's system calls for a file. Calls.cpp replaces open and
 * posix_fadvise of the C library in the whole test program.
 */
#ifndef MOELORA_TEST_LOADER_CALLS_H
#define MOELORA_TEST_LOADER_CALLS_H

#include <functional>
#include <string>

namespace moelora::test {

/// Counts the calls for one path during its lifetime. `onOpen` is called before
/// the file is opened, on the same thread.
class Watch {
public:
  explicit Watch(std::string path, std::function<void()> onOpen = nullptr);
  ~Watch();
  Watch(const Watch &) = delete;

  /// How often it was opened by this path.
  int opens() const;
  /// Waits until reading ahead of the whole file was requested this number of
  /// times.
  void awaitReadAhead(int times) const;

private:
  friend struct Watches;
  const std::string path;
  const std::function<void()> onOpen;
  int opened = 0, readAhead = 0;
  Watch *next = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_LOADER_CALLS_H
