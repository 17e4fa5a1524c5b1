/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Matches the keys of rank_pattern and alpha_pattern in bounded time.
 *
 * The keys are Python regular expressions from untrusted files. With a
 * backtracking matcher, one key could run for ever or overflow the stack, and
 * matching each of 70,000 keys with each of as many names would take minutes.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERN_H
#define MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERN_H

#include "adapter/pattern/FixedPatterns.h"
#include "adapter/pattern/PatternStates.h"

namespace moelora {

/// Not thread-safe, not even in const methods, because it caches states.
class Patterns {
public:
  /// Adds the pattern (.*\.)?(key)$: the end of a name, from a dot on. Fails if
  /// the key is malformed, too long or not supported.
  void add(std::string_view key, Work &work);

  size_t size() const { return count; }

  /// Index of the first pattern that matches `name`, or -1. Fails if hostile
  /// patterns would take too long.
  int64_t firstMatch(std::string_view name, Work &work) const;

  /// Longer keys are refused; real ones have up to about 100 characters.
  static constexpr size_t maxLength = 1024;

private:
  size_t count = 0;
  FixedPatterns fixed;
  mutable PatternStates states;
  mutable PatternBudget budget;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERN_H
