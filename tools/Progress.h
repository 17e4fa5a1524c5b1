// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the progress of a program.
#ifndef MOELORA_TOOLS_PROGRESS_H
#define MOELORA_TOOLS_PROGRESS_H

#include "moelora/host/Times.h"

#include <cstdio>
#include <unistd.h>

namespace moelora::tools {

/// Prints nothing for the first two seconds, or if standard error is not a
/// terminal; then a line every two seconds, such as "12 of 48 layers
/// converted".
inline host::Progress printProgress() {
  if (!::isatty(STDERR_FILENO))
    return {};
  return [last = host::Stopwatch()](size_t done, size_t all,
                                    const char *units) mutable {
    constexpr double patience = 2;
    if (done >= all || last.seconds() < patience)
      return;
    last = host::Stopwatch();
    std::fprintf(stderr, "%zu of %zu %s\n", done, all, units);
  };
}

} // namespace moelora::tools

#endif // MOELORA_TOOLS_PROGRESS_H
