// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Measures time and reports progress.
#ifndef MOELORA_HOST_TIMES_H
#define MOELORA_HOST_TIMES_H

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace moelora::host {

/// Called during long work with the number of units that are done and the
/// number of all units. May be empty.
using Progress =
    std::function<void(size_t done, size_t all, const char *units)>;

/// Reports progress through a callback.
class ProgressCount {
public:
  ProgressCount(const Progress &progress, size_t all, const char *units)
      : progress(progress), all(all), units(units) {}

  void advance(size_t count = 1) {
    done += count;
    if (progress)
      progress(done, all, units);
  }

private:
  const Progress &progress;
  size_t all, done = 0;
  const char *units;
};

/// Measures the time since its construction.
class Stopwatch {
public:
  double seconds() const {
    auto passed = std::chrono::steady_clock::now() - start;
    return std::chrono::duration<double>(passed).count();
  }
  double milliseconds() const { return seconds() * 1000; }

private:
  std::chrono::steady_clock::time_point start =
      std::chrono::steady_clock::now();
};

/// The seconds that one call takes.
template <typename Work> double secondsOf(const Work &work) {
  Stopwatch watch;
  work();
  return watch.seconds();
}

/// The quantile of the values for `share`, a number from 0 to 1. It is
/// interpolated between two values. `values` must not be empty.
inline double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  double place = share * double(values.size() - 1);
  auto below = static_cast<size_t>(place);
  size_t above = std::min(below + 1, values.size() - 1);
  return values[below] +
         (place - double(below)) * (values[above] - values[below]);
}

/// The median of the values, which must not be empty.
inline double median(const std::vector<double> &values) {
  return quantile(values, 0.5);
}

/// The median of the seconds of `repeat` calls, at least one, after a call that
/// is not counted.
template <typename Work>
double medianSeconds(const Work &work, int64_t repeat) {
  work();
  std::vector<double> times;
  for (int64_t index = 0; index < repeat; ++index)
    times.push_back(secondsOf(work));
  return median(times);
}

} // namespace moelora::host

#endif // MOELORA_HOST_TIMES_H
