/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sees what the library asks of the system about a file. Calls.cpp stands in
 * front of the C library's open and posix_fadvise for the whole test program.
 */
#ifndef MOELORA_TEST_LOADER_CALLS_H
#define MOELORA_TEST_LOADER_CALLS_H

#include <functional>
#include <string>

namespace moelora::test {

/// Counts the calls for one path while it lives. `onOpen` is called by whoever
/// opens it, before it is opened.
class Watch {
public:
  explicit Watch(std::string path, std::function<void()> onOpen = nullptr);
  ~Watch();
  Watch(const Watch &) = delete;

  /// How often it was opened by this path.
  int opens() const;
  /// Waits until it was asked to be read ahead, as a whole, so many times.
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
