/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses JSON of untrusted files strictly, as a stream of events, with limits
 * for depth and size. Duplicate keys are refused. NaN and the infinities, which
 * Python writes although JSON does not have them, are accepted as real numbers.
 * It is a stream because a header may be 100 MB of brackets, which would need
 * gigabytes as a tree.
 */
#ifndef MOELORA_RUNTIME_JSON_H
#define MOELORA_RUNTIME_JSON_H

#include "base/Work.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace moelora {

/// Receives the events of one document. Keys precede the value they name.
class JsonEvents {
public:
  virtual ~JsonEvents() = default;
  virtual void beginObject() = 0;
  virtual void endObject() = 0;
  virtual void beginArray() = 0;
  virtual void endArray() = 0;
  virtual void key(std::string &text) = 0;
  virtual void string(std::string &text) = 0;
  virtual void integer(int64_t value) = 0;
  /// Every number that is not an int64_t: fractions, exponents, huge integers,
  /// NaN and infinities.
  virtual void real(double value) = 0;
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
};

/// Deeper documents are refused: the deepest valid one has 4 levels.
constexpr size_t maxJsonDepth = 64;

/// Parses a whole document, or fails; `what` names it in the failure's text.
void parseJson(std::string_view text, const std::string &what,
               JsonEvents &events, Work &work);

} // namespace moelora

#endif // MOELORA_RUNTIME_JSON_H
