// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The kernel of a router on the emulator, and numbers that are hard to route.
#ifndef MOELORA_TEST_EMULATOR_ROUTEDKERNEL_H
#define MOELORA_TEST_EMULATOR_ROUTEDKERNEL_H

#include "../execute/Routing.h"

#include <string>

namespace moelora::test {

/// Numbers with ties, infinities and NaN, and ids that are out of range.
RouteData makeHardData(const moelora_router &router, uint32_t seed);

/// Compiles the kernel for this router and runs it. `options` are those of the
/// emulator.
Routed routeOnEmulator(const moelora_router &router, const RouteData &data,
                       const std::string &options);

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_ROUTEDKERNEL_H
