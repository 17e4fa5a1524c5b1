/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Detects objects that were made before a fork.
 */
#ifndef MOELORA_DEVICE_CPUFORK_H
#define MOELORA_DEVICE_CPUFORK_H

namespace moelora {

/// A forked process has a copy of everything except the threads, which may hold
/// locks. Objects that were made before the fork must not be touched.
class MadeBeforeFork {
public:
  MadeBeforeFork();
  explicit operator bool() const;

private:
  unsigned forks;
};

} // namespace moelora

#endif // MOELORA_DEVICE_CPUFORK_H
