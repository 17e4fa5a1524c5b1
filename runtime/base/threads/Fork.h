/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A child of fork has the memory of its parent and none of its threads. What
 * has threads marks the process that made it, and does without them, or says
 * so, in every other one; it touches no lock there, since one that was held at
 * the fork is held for ever.
 */
#ifndef MOELORA_RUNTIME_BASE_FORK_H
#define MOELORA_RUNTIME_BASE_FORK_H

#include <cstdint>

namespace moelora {

/// How many forks lie between the process that loaded the library and this one.
/// As cheap as reading a variable.
uint64_t forksBefore();

/// The process that made something.
class Maker {
public:
  bool isThisProcess() const { return forks == forksBefore(); }

private:
  uint64_t forks = forksBefore();
};

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_FORK_H
