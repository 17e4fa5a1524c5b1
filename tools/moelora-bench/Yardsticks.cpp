// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Yardsticks.h"

#include "moelora/host/Times.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace moelora::bench {

double medianSeconds(const std::function<void()> &call, int64_t repeat) {
  call();
  std::vector<double> times;
  for (int64_t index = 0; index < repeat; ++index)
    times.push_back(host::secondsOf(call));
  return host::median(times);
}

/// Reads a range once, with several chains of additions, so that the latency of
/// an addition is not measured.
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

// 1 GiB, far larger than any cache.
static constexpr uint64_t bandwidthBytes = 1 << 30;

Bandwidth::Bandwidth(int threads) : threads(threads), buffer(bandwidthBytes) {
  // Memory that was never written would be one shared page of zeros.
  std::memset(buffer.data(), 1, buffer.bytes());
}

double Bandwidth::measure() const {
  constexpr int passes = 4;
  const auto *data = reinterpret_cast<const uint64_t *>(buffer.data());
  uint64_t words = buffer.bytes() / sizeof(uint64_t) / threads;
  std::atomic<uint64_t> sink{0};
  double best = 0;
  for (int pass = 0; pass < passes; ++pass) {
    std::vector<std::thread> team;
    host::Stopwatch watch;
    for (int thread = 0; thread < threads; ++thread)
      team.emplace_back(
          [&, thread] { sink += readAll(data + thread * words, words); });
    for (std::thread &member : team)
      member.join();
    best = std::max(best, double(buffer.bytes()) / watch.seconds());
  }
  return best;
}

} // namespace moelora::bench
