// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes memory of the test device accessible while the device works, and
// detects kernels that access freed memory.
#ifndef MOELORA_TEST_DEVICE_TESTGUARD_H
#define MOELORA_TEST_DEVICE_TESTGUARD_H

#include "TestMemory.h"

namespace moelora::test {

/// Faults at this memory are looked at, until it is no longer guarded.
void guard(TestMemory &memory);
void unguard(TestMemory &memory);

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTGUARD_H
