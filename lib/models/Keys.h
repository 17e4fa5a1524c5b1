// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The keys of a family's config, and the meaning of absent ones.
#ifndef MOELORA_LIB_MODELS_KEYS_H
#define MOELORA_LIB_MODELS_KEYS_H

#include <cstddef>
#include <cstdint>

namespace moelora::models {

/// A few names, in a row of a table. The spellings of one config key are
/// equivalent: a config may use any of them, and if it uses several, they must
/// agree. A dot separates the key of a nested object.
struct Keys {
  static constexpr size_t most = 7;
  const char *names[most] = {};

  constexpr size_t size() const {
    size_t count = 0;
    while (count < most && names[count])
      ++count;
    return count;
  }
  constexpr bool empty() const { return size() == 0; }
  constexpr const char *front() const { return names[0]; }
  constexpr const char *const *begin() const { return names; }
  constexpr const char *const *end() const { return names + size(); }
};

/// A Boolean. Without keys it has a fixed value.
struct Flag {
  Keys keys = {};
  bool absent = false;
};

/// A whole number. Some are lists with one entry per layer.
struct Count {
  Keys keys = {};
  int64_t absent = 0;
  int64_t null = absent; // the value of an explicit null
};

/// A real number.
struct Number {
  Keys keys = {};
  double absent = 0;
  double null = absent;
};

/// A key that has no effect if it has one of these values (JSON). Any other
/// value describes something that the family's row cannot express.
struct Demand {
  const char *key = nullptr;
  const char *values = nullptr; // "[true, null]"
};

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_KEYS_H
