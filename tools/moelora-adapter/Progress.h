/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Says how far it is, to somebody who waits.
 */
#ifndef MOELORA_TOOLS_ADAPTER_PROGRESS_H
#define MOELORA_TOOLS_ADAPTER_PROGRESS_H

#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace moelora::tool {

/// Nothing for the first two seconds, nor where nobody looks; then a line every
/// two seconds.
class Progress {
public:
  Progress(size_t all, const char *what)
      : all(all), what(what), told(Clock::now()),
        shown(::isatty(STDERR_FILENO)) {}

  void advance() {
    ++done;
    constexpr std::chrono::seconds patience(2);
    if (!shown || done >= all || Clock::now() - told < patience)
      return;
    told = Clock::now();
    std::fprintf(stderr, "%zu of %zu %s\n", done, all, what);
  }

private:
  using Clock = std::chrono::steady_clock;
  size_t all, done = 0;
  const char *what;
  Clock::time_point told;
  bool shown;
};

} // namespace moelora::tool

#endif // MOELORA_TOOLS_ADAPTER_PROGRESS_H
