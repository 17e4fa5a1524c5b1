// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Support.h"

#include <sys/mman.h>

using namespace moelora::run;

Buffer::Buffer(uint64_t bytes) : size(bytes) {
  // Also without elements there is an address to hand on.
  uint64_t mapped = bytes ? bytes : 1;
  void *address = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED)
    throw Error("cannot have " + std::to_string(bytes) + " bytes of memory");
  madvise(address, mapped, MADV_HUGEPAGE);
  memory = {static_cast<char *>(address), Unmap{mapped}};
}

void Unmap::operator()(char *memory) const { munmap(memory, bytes); }

void moelora::run::parallelFor(const moelora_services &services, int64_t tasks,
                               const std::function<void(int64_t)> &body) {
  services.parallel_for(
      services.context, tasks,
      [](void *frame, int64_t task, int64_t) {
        (*static_cast<const std::function<void(int64_t)> *>(frame))(task);
      },
      const_cast<std::function<void(int64_t)> *>(&body));
}
