// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a family names the values of its config, and what absent ones mean.
#ifndef MOELORA_LIB_MODELS_KEYS_H
#define MOELORA_LIB_MODELS_KEYS_H

#include <cstddef>
#include <cstdint>

namespace moelora::models {

/// A few names, in a row of a table. Spellings of one config key are equal in
/// right: a config may use any of them, and if it uses more than one they must
/// agree. A dot leads into a nested object.
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

/// A truth value; without keys it is fixed, whatever the config says.
struct Flag {
  Keys keys = {};
  bool absent = false;
};

/// A whole number. Some are lists, with one entry a layer.
struct Count {
  Keys keys = {};
  int64_t absent = 0;
  int64_t null = absent; // what an explicit null means
};

/// A real number.
struct Number {
  Keys keys = {};
  double absent = 0;
  double null = absent;
};

/// A key that changes nothing as long as it has one of these values (JSON).
/// Any other value asks for what the family's row does not say.
struct Demand {
  const char *key = nullptr;
  const char *values = nullptr; // "[true, null]"
};

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_KEYS_H
