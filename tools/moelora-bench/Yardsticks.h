// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the machine can do, measured in the same run as the layers.
#ifndef MOELORA_TOOLS_BENCH_YARDSTICKS_H
#define MOELORA_TOOLS_BENCH_YARDSTICKS_H

#include <functional>

namespace moelora::bench {

/// Median seconds of `repeat` calls after one that is not counted.
double medianSeconds(const std::function<void()> &call, int repeat);

/// Bytes per second that `threads` streaming readers reach together, the best
/// of several passes over memory that no cache holds.
double measureBandwidth(int threads);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_YARDSTICKS_H
