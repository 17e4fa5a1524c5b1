/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Structs of the C interface that may grow: they begin with `uint32_t size`,
 * which the caller sets. Error.h documents the rules for callers.
 */
#ifndef MOELORA_RUNTIME_BASE_SIZED_H
#define MOELORA_RUNTIME_BASE_SIZED_H

#include "base/Failure.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

/// The size of a struct of the first version, which ended with `field`.
#define MOELORA_SIZE_THROUGH(type, field)                                      \
  static_cast<uint32_t>(offsetof(type, field) + sizeof(type::field))

namespace moelora {

/// A larger size is invalid: the caller has not set it.
constexpr uint32_t maxStructBytes = 1 << 16;

/// Fails if the pointer is NULL or not aligned for T. `what` is "a target".
template <typename T> void expectThere(const T *pointer, const char *what) {
  // Texts are made only when an error occurs, because every run calls this.
  if (!pointer)
    fail(std::string("expects ") + what + ", but it is NULL");
  if constexpr (!std::is_void_v<T>)
    if (reinterpret_cast<uintptr_t>(pointer) % alignof(T) != 0)
      fail(std::string("expects ") + what + " at a multiple of " +
           std::to_string(alignof(T)) +
           " bytes, but its address is no such multiple");
}

/// The size that the caller states for a struct, at least `least`.
template <typename T>
uint32_t statedSize(const T *given, uint32_t least, const char *what) {
  static_assert(std::is_trivially_copyable_v<T> && offsetof(T, size) == 0);
  expectThere(given, what);
  if (given->size < least || given->size > maxStructBytes)
    fail(std::string("expects the size of ") + what + " to be from " +
         std::to_string(least) + " to " + std::to_string(maxStructBytes) +
         ", as sizeof says, but it is " + std::to_string(given->size));
  return given->size;
}

/// A copy of the caller's struct, in which fields that the caller does not know
/// are zero. Fails if the caller sets a field that this version does not know.
template <typename T>
T readSized(const T *given, uint32_t least, const char *what) {
  uint32_t size = statedSize(given, least, what);
  const char *bytes = reinterpret_cast<const char *>(given);
  for (uint32_t i = sizeof(T); i < size; ++i)
    if (bytes[i] != 0)
      fail("expects zeros in " +
           (what + (" behind the " + std::to_string(sizeof(T)))) +
           " bytes that this version knows, but "
           "byte " +
           std::to_string(i) + " is not zero");
  T known = {};
  std::memcpy(&known, given, std::min<size_t>(size, sizeof(T)));
  known.size = sizeof(T);
  return known;
}

/// The same for an array, whose elements all have the size of the first.
template <typename T>
std::vector<T> readSizedArray(const T *given, uint64_t count, uint32_t least,
                              const char *what) {
  std::vector<T> known;
  if (count)
    expectThere(given, what);
  const char *at = reinterpret_cast<const char *>(given);
  uint32_t size = count ? given->size : 0;
  for (uint64_t i = 0; i < count; ++i, at += size) {
    const T *element = reinterpret_cast<const T *>(at);
    if (element->size != size)
      fail(std::string("expects ") + what +
           " and the others of its array to be structs of one size, but one "
           "has " +
           std::to_string(size) + " bytes and one " +
           std::to_string(element->size));
    known.push_back(readSized(element, least, what));
  }
  return known;
}

/// Stores the fields of a result that the caller knows, and zeros after them.
/// Keeps the size that the caller has set.
template <typename T>
void writeSized(T *to, const T &value, uint32_t least, const char *what) {
  uint32_t size = statedSize(to, least, what);
  std::memset(static_cast<void *>(to), 0, size);
  std::memcpy(static_cast<void *>(to), &value,
              std::min<size_t>(size, sizeof(T)));
  to->size = size;
}

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_SIZED_H
