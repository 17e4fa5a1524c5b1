// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rates of the machine, measured in the same run as the layers.
#ifndef MOELORA_TOOLS_BENCH_YARDSTICKS_H
#define MOELORA_TOOLS_BENCH_YARDSTICKS_H

#include "moelora/host/Buffer.h"

#include <functional>

namespace moelora::bench {

/// Median seconds of `repeat` calls after one that is not counted.
double medianSeconds(const std::function<void()> &call, int64_t repeat);

/// Streaming reads of memory that no cache contains.
class Bandwidth {
public:
  explicit Bandwidth(int threads);
  /// The bytes per second that all threads together reach now, the best of a
  /// few passes.
  double measure() const;

private:
  int threads;
  host::Buffer buffer;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_YARDSTICKS_H
