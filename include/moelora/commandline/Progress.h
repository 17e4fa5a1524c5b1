// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the progress of a program.
#ifndef MOELORA_COMMANDLINE_PROGRESS_H
#define MOELORA_COMMANDLINE_PROGRESS_H

#include "moelora/host/Times.h"

namespace moelora::commandline {

/// Nothing for the first two seconds, nor where standard error is no terminal;
/// then a line every two seconds: "12 of 48 layers converted". The variable
/// MOELORA_PROGRESS_SECONDS of the environment gives another number of seconds.
host::Progress printProgress();

} // namespace moelora::commandline

#endif // MOELORA_COMMANDLINE_PROGRESS_H
