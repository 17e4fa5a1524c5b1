/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory pages of the operating system. They contain zeros, and the system
 * provides their memory when they are first touched.
 */
#ifndef MOELORA_EMULATOR_MAPPING_H
#define MOELORA_EMULATOR_MAPPING_H

#include <cstdint>
#include <utility>

namespace moelora::emulator {

constexpr uint64_t pageBytes = 4096;

/// A range of pages, which the destructor unmaps.
class Mapping {
public:
  enum Access { None, ReadWrite };

  Mapping() = default;
  /// Throws std::bad_alloc if the system cannot map the pages.
  Mapping(uint64_t bytes, Access access);
  Mapping(Mapping &&other) noexcept { swap(other); }
  Mapping &operator=(Mapping &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Mapping();

  char *begin() const { return first; }
  uint64_t bytes() const { return size; }
  bool holds(uintptr_t address) const {
    return address - reinterpret_cast<uintptr_t>(first) < size;
  }
  /// Changes the access to whole pages. None also returns their memory to the
  /// system, so that they contain zeros afterwards; if the system cannot do it,
  /// the pages stay as they are. Throws std::bad_alloc if ReadWrite fails.
  void protect(uint64_t offset, uint64_t length, Access access);

private:
  void swap(Mapping &other) noexcept {
    std::swap(first, other.first);
    std::swap(size, other.size);
  }

  char *first = nullptr;
  uint64_t size = 0;
};

/// An array that is filled with zeros. The system provides memory only for
/// those of its pages that are written.
template <typename T> class ZeroArray {
public:
  ZeroArray() = default;
  explicit ZeroArray(uint64_t count)
      : pages(count ? Mapping(count * sizeof(T), Mapping::ReadWrite)
                    : Mapping()) {}
  T *begin() const { return reinterpret_cast<T *>(pages.begin()); }
  T *end() const { return begin() + size(); }
  T &operator[](uint64_t i) const { return begin()[i]; }
  uint64_t size() const { return pages.bytes() / sizeof(T); }

private:
  Mapping pages;
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MAPPING_H
