/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A set of texts that finds the one with which another text ends. A look-up
 * takes logarithmic time, so that long lists of modules take little time.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_PATTERN_ENDINGS_H
#define MOELORA_RUNTIME_ADAPTER_PATTERN_ENDINGS_H

#include "base/Work.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moelora {

class Endings {
public:
  Endings() = default;
  Endings(const std::vector<std::string> &texts, Work &work);

  /// The shortest text of the set with which `text` ends.
  std::optional<std::string> endOf(std::string_view text, Work &work) const;

private:
  /// The reversed texts, sorted. None begins with another one.
  std::vector<std::string> reversed;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTER_PATTERN_ENDINGS_H
