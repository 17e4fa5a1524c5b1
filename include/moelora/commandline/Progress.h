// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the progress of a program.
#ifndef MOELORA_COMMANDLINE_PROGRESS_H
#define MOELORA_COMMANDLINE_PROGRESS_H

#include "moelora/host/Times.h"

namespace moelora::commandline {

/// Returns a callback that prints a line such as "12 of 48 layers converted" to
/// standard error, at most every two seconds and not in the first two. The
/// environment variable MOELORA_PROGRESS_SECONDS sets another number of
/// seconds. If standard error is no terminal, the callback is empty.
host::Progress printProgress();

} // namespace moelora::commandline

#endif // MOELORA_COMMANDLINE_PROGRESS_H
