/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A small JSON document as a tree; objects keep the order of the file.
 */
#ifndef MOELORA_RUNTIME_JSONTREE_H
#define MOELORA_RUNTIME_JSONTREE_H

#include "base/Work.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moelora {

struct JsonValue {
  enum Kind { Null, Boolean, Integer, Real, String, Array, Object };
  Kind kind = Null;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0; ///< of Integer as well
  std::string string;
  std::vector<JsonValue> items;
  std::vector<std::pair<std::string, JsonValue>> members;

  bool isNumber() const { return kind == Integer || kind == Real; }
  /// A neutral value: null, false, "", or an empty object or array.
  bool isNeutral() const;
  const JsonValue *find(std::string_view key) const;
};

/// The value for messages, shortened.
std::string valueText(const JsonValue &value);

/// Documents with more values are refused: each takes a hundred bytes.
constexpr size_t maxJsonValues = 1 << 19;

/// Parses a whole document, or fails with a message that names `what`.
JsonValue parseJsonTree(std::string_view text, const std::string &what,
                        Work &work);

} // namespace moelora

#endif // MOELORA_RUNTIME_JSONTREE_H
