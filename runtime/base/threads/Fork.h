/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A child of fork has the memory of its parent but none of its threads. An
 * object with threads stores the process that made it. In every other process
 * it works without threads or returns an error. It uses no lock there, because
 * a lock that was held at the fork is held for ever.
 */
#ifndef MOELORA_RUNTIME_BASE_FORK_H
#define MOELORA_RUNTIME_BASE_FORK_H

#include <cstdint>

namespace moelora {

/// The number of forks between the process that loaded the library and this
/// one. Reads a variable.
uint64_t forksBefore();

/// Stores the process that made an object.
class Maker {
public:
  bool isThisProcess() const { return forks == forksBefore(); }

private:
  uint64_t forks = forksBefore();
};

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_FORK_H
