// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine that a program runs on: its CPU, its free memory and disk space,
// and the bandwidth of its memory.
#ifndef MOELORA_HOST_MACHINE_H
#define MOELORA_HOST_MACHINE_H

#include "moelora/host/Buffer.h"

namespace moelora::host {

/// The name of the CPU as the system reports it, or "unknown".
std::string cpuName();

/// The memory that programs can allocate without swapping, in bytes. Throws an
/// Error if the system does not report it.
uint64_t availableMemory();

/// The largest resident memory of this process until now, in bytes.
uint64_t peakMemory();

/// Throws an Error if the file system of the folder has less free space than
/// this number of bytes.
void checkRoom(const std::string &folder, double bytes);

/// Prepares a file that was just written for a measurement. Writes it back to
/// the disk, so that the system does not do so during the measurement, and
/// removes it from the page cache. Then reads it once, so that it is in the
/// page cache as files of adapters usually are. Throws an Error if it fails.
void settleFile(const std::string &path);

/// Measures the bandwidth of reads of main memory. Allocates 1 GiB, which is
/// more than caches hold.
class Bandwidth {
public:
  /// `threads` is the number of threads that read at the same time.
  explicit Bandwidth(int threads);
  /// The bytes per second that all threads read together, in the best of four
  /// passes.
  double measure() const;

private:
  int threads;
  Buffer buffer;
};

} // namespace moelora::host

#endif // MOELORA_HOST_MACHINE_H
