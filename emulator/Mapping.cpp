/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory pages of the operating system.
 */
#include "Mapping.h"

#include <new>

#include <sys/mman.h>

using namespace moelora::emulator;

static int protection(Mapping::Access access) {
  return access == Mapping::None ? PROT_NONE : PROT_READ | PROT_WRITE;
}

Mapping::Mapping(uint64_t bytes, Access access) {
  void *pages = ::mmap(nullptr, bytes, protection(access),
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    throw std::bad_alloc();
  first = static_cast<char *>(pages);
  size = bytes;
}

Mapping::~Mapping() {
  if (first)
    ::munmap(first, size);
}

void Mapping::protect(uint64_t offset, uint64_t length, Access access) {
  // New pages replace the old ones, whose memory goes back to the system.
  if (access == None) {
    if (::mmap(first + offset, length, PROT_NONE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
               0) == MAP_FAILED)
      return; // the pages stay as they are
  } else if (::mprotect(first + offset, length, protection(access))) {
    throw std::bad_alloc();
  }
}
