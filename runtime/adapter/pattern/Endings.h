/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Many texts, of which one may be the end of another text. Asking takes the
 * logarithm of their number, so that long lists of modules cost no more than
 * their size.
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

  /// The shortest of the texts that `text` ends in.
  std::optional<std::string> endOf(std::string_view text, Work &work) const;

private:
  /// Read from their ends, sorted; none begins with another one.
  std::vector<std::string> reversed;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTER_PATTERN_ENDINGS_H
