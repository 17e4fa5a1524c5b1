// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Machine.h"

#include "moelora/host/Handles.h"
#include "moelora/host/Report.h"
#include "moelora/host/Times.h"

#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace moelora::host {

std::string cpuName() {
  const std::string key = "model name";
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.compare(0, key.size(), key) == 0)
      return line.substr(line.find(':') + 2);
  return "unknown";
}

uint64_t availableMemory() {
  const std::string key = "MemAvailable:";
  constexpr uint64_t bytesPerUnit = 1024;
  std::ifstream info("/proc/meminfo");
  for (std::string word; info >> word;)
    if (uint64_t amount; word == key && info >> amount)
      return amount * bytesPerUnit;
  throw Error("cannot read MemAvailable in /proc/meminfo");
}

uint64_t peakMemory() {
  constexpr uint64_t bytesPerUnit = 1024; // of ru_maxrss, on Linux
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return uint64_t(usage.ru_maxrss) * bytesPerUnit;
}

void checkRoom(const std::string &folder, double bytes) {
  double room = double(std::filesystem::space(folder).available);
  if (room < bytes)
    throw Error("expects room for " + sizeText(bytes) + " in " + folder +
                ", but it has " + sizeText(room));
}

void settleFile(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool done = file >= 0 && ::fsync(file) == 0 &&
              ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
  constexpr size_t step = 1 << 20;
  std::vector<char> buffer(step);
  ssize_t got = 1;
  while (done && got > 0)
    got = ::read(file, buffer.data(), step);
  if (file >= 0)
    ::close(file);
  if (!done || got < 0)
    throw Error("cannot bring " + path + " to the disk and back");
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
static constexpr uint64_t bandwidthBytes = 1 << 30;

Bandwidth::Bandwidth(int threads) : threads(threads), buffer(bandwidthBytes) {
  // Memory that is only reserved would be one page of zeros.
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
    team.reserve(size_t(threads));
    Stopwatch watch;
    for (int thread = 0; thread < threads; ++thread)
      team.emplace_back(
          [&, thread] { sink += readAll(data + thread * words, words); });
    for (std::thread &member : team)
      member.join();
    best = std::max(best, double(buffer.bytes()) / watch.seconds());
  }
  return best;
}

} // namespace moelora::host
