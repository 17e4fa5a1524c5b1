// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Yardsticks.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace moelora::bench {

static double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

double medianSeconds(const std::function<void()> &call, int repeat) {
  call();
  std::vector<double> times;
  for (int index = 0; index < repeat; ++index) {
    double begin = now();
    call();
    times.push_back(now() - begin);
  }
  std::nth_element(times.begin(), times.begin() + repeat / 2, times.end());
  return times[repeat / 2];
}

/// Reads a range once; several chains, so that adding is not what is measured.
static uint64_t readAll(const uint64_t *data, uint64_t words) {
  uint64_t sums[8] = {};
  for (uint64_t index = 0; index + 8 <= words; index += 8) {
    __builtin_prefetch(data + index + 512, 0, 0);
    for (int chain = 0; chain < 8; ++chain)
      sums[chain] += data[index + chain];
  }
  uint64_t sum = 0;
  for (uint64_t part : sums)
    sum += part;
  return sum;
}

// 1 GiB, far beyond any cache.
static constexpr int64_t bandwidthElements = 512 << 20;

Bandwidth::Bandwidth(int threads)
    : threads(threads), buffer(bandwidthElements, 9) {}

double Bandwidth::measure() const {
  constexpr int passes = 4;
  const auto *data = reinterpret_cast<const uint64_t *>(buffer.data());
  uint64_t words = buffer.bytes() / sizeof(uint64_t) / threads;
  std::atomic<uint64_t> sink{0};
  double best = 0;
  for (int pass = 0; pass < passes; ++pass) {
    std::vector<std::thread> team;
    double begin = now();
    for (int thread = 0; thread < threads; ++thread)
      team.emplace_back(
          [&, thread] { sink += readAll(data + thread * words, words); });
    for (std::thread &member : team)
      member.join();
    best = std::max(best, buffer.bytes() / (now() - begin));
  }
  return best;
}

} // namespace moelora::bench
