// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/commandline/Progress.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace moelora::commandline {

static double secondsBetweenLines() {
  constexpr double usual = 2;
  const char *stated = std::getenv("MOELORA_PROGRESS_SECONDS");
  return stated ? std::strtod(stated, nullptr) : usual;
}

host::Progress printProgress() {
  if (!::isatty(STDERR_FILENO))
    return {};
  return [last = host::Stopwatch(), patience = secondsBetweenLines()](
             size_t done, size_t all, const char *units) mutable {
    if (done >= all || last.seconds() < patience)
      return;
    last = host::Stopwatch();
    std::fprintf(stderr, "%zu of %zu %s\n", done, all, units);
  };
}

} // namespace moelora::commandline
