// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Guarded.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace moelora::codetest {

Guarded::Guarded(size_t size, size_t align) : bytes(size) {
  const auto page = size_t(sysconf(_SC_PAGESIZE));
  size_t room = (size + align - 1) / align * align;
  size_t pages = (room + page - 1) / page * page;
  mappedBytes = pages + page;
  mapped = mmap(nullptr, mappedBytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED ||
      mprotect(static_cast<char *>(mapped) + pages, page, PROT_NONE)) {
    std::perror("guarded memory");
    std::abort();
  }
  first = static_cast<char *>(mapped) + pages - room;
  std::memset(first, 0xff, room);
}

Guarded &Guarded::operator=(Guarded &&other) noexcept {
  std::swap(first, other.first);
  std::swap(bytes, other.bytes);
  std::swap(mapped, other.mapped);
  std::swap(mappedBytes, other.mappedBytes);
  return *this;
}

Guarded::~Guarded() {
  if (mapped)
    munmap(mapped, mappedBytes);
}

Guarded guarded(const void *data, size_t size, size_t align) {
  Guarded copy(size, align);
  std::memcpy(copy.data(), data, size);
  return copy;
}

} // namespace moelora::codetest
