// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory that ends at an unmapped page: an access beyond its end is a fault.

#ifndef MOELORA_TEST_CODEGEN_GUARDED_H
#define MOELORA_TEST_CODEGEN_GUARDED_H

#include <cstddef>
#include <cstdint>

namespace moelora::codetest {

class Guarded {
public:
  Guarded() = default;
  /// The address is a multiple of `align`, a power of two. If `size` is not a
  /// multiple of it, the bytes up to the next multiple are not guarded. The
  /// memory is initialised with NaN in every element type.
  explicit Guarded(size_t size, size_t align = 1);
  Guarded(Guarded &&other) noexcept { *this = static_cast<Guarded &&>(other); }
  Guarded &operator=(Guarded &&other) noexcept;
  ~Guarded();

  char *data() const { return first; }
  size_t size() const { return bytes; }
  template <typename T> T *as() const { return reinterpret_cast<T *>(first); }

private:
  char *first = nullptr;
  size_t bytes = 0;
  void *mapped = nullptr;
  size_t mappedBytes = 0;
};

/// A copy.
Guarded guarded(const void *data, size_t size, size_t align = 1);

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_GUARDED_H
