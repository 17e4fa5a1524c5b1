// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory that ends where no page is mapped: whoever reads or writes beyond it
// dies at that instruction.

#ifndef MOELORA_TEST_CODEGEN_GUARDED_H
#define MOELORA_TEST_CODEGEN_GUARDED_H

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace moelora::codetest {

class Guarded {
public:
  Guarded() = default;
  explicit Guarded(size_t bytes) : size(bytes) {
    size_t page = size_t(sysconf(_SC_PAGESIZE));
    mapped = (bytes + page - 1) / page * page + page;
    void *memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      std::abort();
    first = static_cast<char *>(memory);
    if (mprotect(first + mapped - page, page, PROT_NONE))
      std::abort();
    begin = first + mapped - page - bytes;
  }
  Guarded(const void *from, size_t bytes) : Guarded(bytes) {
    if (bytes)
      std::memcpy(begin, from, bytes);
  }
  Guarded(Guarded &&other) { *this = std::move(other); }
  Guarded &operator=(Guarded &&other) {
    std::swap(first, other.first);
    std::swap(begin, other.begin);
    std::swap(size, other.size);
    std::swap(mapped, other.mapped);
    return *this;
  }
  ~Guarded() {
    if (first)
      munmap(first, mapped);
  }

  /// Null where there is no memory; that of zero bytes has an address.
  char *data() const { return begin; }
  size_t bytes() const { return size; }

private:
  char *first = nullptr, *begin = nullptr;
  size_t size = 0, mapped = 0;
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_GUARDED_H
