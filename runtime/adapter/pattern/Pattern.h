/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The keys of rank_pattern and alpha_pattern, matched in bounded time.
 *
 * They are Python expressions written by anybody. A backtracking matcher would
 * let one of them run for ever or eat the stack, and trying each of 70,000 keys
 * on each of as many names takes minutes.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERN_H
#define MOELORA_RUNTIME_ADAPTER_PATTERN_PATTERN_H

#include "adapter/pattern/FixedPatterns.h"
#include "adapter/pattern/PatternStates.h"

namespace moelora {

/// Not for several threads, even where it is const: it remembers what it met.
class Patterns {
public:
  /// Adds the pattern (.*\.)?(key)$: the end of a name, from a dot on. Fails
  /// when the key is malformed, too long or not understood.
  void add(std::string_view key, Work &work);

  size_t size() const { return count; }

  /// Index of the first pattern that matches `name`, or -1. Fails when hostile
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
