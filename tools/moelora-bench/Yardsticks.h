// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the machine can do, measured in the same run as the layers.
#ifndef MOELORA_TOOLS_BENCH_YARDSTICKS_H
#define MOELORA_TOOLS_BENCH_YARDSTICKS_H

#include "moelora/host/Buffer.h"

#include <functional>

namespace moelora::bench {

/// Median seconds of `repeat` calls after one that is not counted.
double medianSeconds(const std::function<void()> &call, int64_t repeat);

/// Streaming readers over memory that no cache holds.
class Bandwidth {
public:
  explicit Bandwidth(int threads);
  /// Bytes per second that the threads reach together now, the best of a few
  /// passes.
  double measure() const;

private:
  int threads;
  host::Buffer buffer;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_YARDSTICKS_H
