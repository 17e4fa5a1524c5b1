/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pread that stands before the system's.
 */
#include "Reads.h"

#include <cerrno>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Notes {
  std::mutex mutex;
  bool open = false;
  int64_t failFrom = -1;
  std::vector<moelora::test::Read> reads;
} notes;

bool mayRead(uint64_t offset, uint64_t bytes) {
  std::lock_guard<std::mutex> lock(notes.mutex);
  if (!notes.open)
    return true;
  auto count = static_cast<int64_t>(notes.reads.size());
  notes.reads.push_back({offset, bytes});
  return notes.failFrom < 0 || count < notes.failFrom;
}

} // namespace

extern "C" ssize_t pread(int descriptor, void *to, size_t bytes, off_t offset) {
  if (mayRead(static_cast<uint64_t>(offset), bytes))
    return ::syscall(SYS_pread64, descriptor, to, bytes, offset);
  errno = EIO;
  return -1;
}

namespace moelora::test {

Reads::Reads(int64_t failFrom) {
  std::lock_guard<std::mutex> lock(notes.mutex);
  notes.open = true;
  notes.failFrom = failFrom;
  notes.reads.clear();
}

Reads::~Reads() {
  std::lock_guard<std::mutex> lock(notes.mutex);
  notes.open = false;
}

std::vector<Read> Reads::all() const {
  std::lock_guard<std::mutex> lock(notes.mutex);
  return notes.reads;
}

uint64_t Reads::bytes() const {
  uint64_t sum = 0;
  for (const Read &read : all())
    sum += read.bytes;
  return sum;
}

} // namespace moelora::test
