// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine that a program runs on: its CPU, its free memory and disk space,
// and the bandwidth of its memory.
#ifndef MOELORA_HOST_MACHINE_H
#define MOELORA_HOST_MACHINE_H

#include "moelora/host/Buffer.h"

namespace moelora::host {

/// As the system calls it; "unknown" where it does not.
std::string cpuName();

/// Bytes of memory that programs can have without others being swapped out.
uint64_t availableMemory();

/// The most bytes of memory that this process has had at once.
uint64_t peakMemory();

/// Throws if the file system of a folder has less free space.
void checkRoom(const std::string &folder, double bytes);

/// Brings a file to the disk, since writing back would go on while something is
/// timed, and has it read from there once, which is how files of adapters
/// mostly come into the page cache.
void settleFile(const std::string &path);

/// Streaming readers over memory that no cache holds.
class Bandwidth {
public:
  explicit Bandwidth(int threads);
  /// Bytes per second that the threads reach together now, the best of a few
  /// passes.
  double measure() const;

private:
  int threads;
  Buffer buffer;
};

} // namespace moelora::host

#endif // MOELORA_HOST_MACHINE_H
