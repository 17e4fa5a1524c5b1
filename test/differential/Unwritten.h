// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs that differ in the byte that fills memory which nothing has written: the
// workspace, the output and, on the emulator, all memory of the device.

#ifndef MOELORA_TEST_DIFFERENTIAL_UNWRITTEN_H
#define MOELORA_TEST_DIFFERENTIAL_UNWRITTEN_H

#include "Promises.h"

namespace moelora::differential {

/// The tokens whose rows depend on that byte; empty if there are none. `output`
/// is that of the case.
std::string usesOfUnwritten(const Subject &subject, const Bytes &output);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_UNWRITTEN_H
