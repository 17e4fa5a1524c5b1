// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Buffer.h"

#include "moelora/host/Handles.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/mman.h>

using namespace moelora::host;

Buffer::Buffer(uint64_t bytes) : size(bytes) {
  // A buffer without elements has a valid address too.
  uint64_t mapped = bytes ? bytes : 1;
  void *address = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED)
    throw Error("cannot have " + std::to_string(bytes) + " bytes of memory");
  madvise(address, mapped, MADV_HUGEPAGE);
  memory = {static_cast<char *>(address), Unmap{mapped}};
}

void Unmap::operator()(char *memory) const { munmap(memory, bytes); }

TemporaryFolder::TemporaryFolder(const std::string &prefix)
    : place(prefix + "XXXXXX") {
  if (!mkdtemp(place.data()))
    throw Error("cannot make a folder " + prefix +
                "...: " + std::strerror(errno));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(place, ignored);
}

std::string TemporaryFolder::prefixIn(std::string parent,
                                      const std::string &name) {
  if (parent.empty())
    parent = std::filesystem::temp_directory_path();
  return std::filesystem::path(parent) / (name + "-");
}
