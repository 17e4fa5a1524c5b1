/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The asynchronous copies of a thread, in groups, as cp.async defines them. One
 * is done as late as it may be, when its thread waits for its group, or earlier
 * where that is asked for.
 */
#ifndef MOELORA_EMULATOR_COPIES_H
#define MOELORA_EMULATOR_COPIES_H

#include "Random.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moelora::emulator {

struct AsyncCopy {
  char *to;
  const char *from;
  uint32_t offset; ///< of `to` in shared memory
  uint32_t bytes, fromBytes;
  uint32_t site;
  bool moved = false;

  /// The bytes arrive.
  void move();
};

class Copies {
public:
  void clear();
  bool empty() const { return copies.empty(); }
  const AsyncCopy &oldest() const { return copies.front(); }

  /// Makes its destination unusable.
  void issue(const AsyncCopy &copy);
  void commit();
  /// Calls `done(copy)` for those of all groups but the last `pending` ones.
  template <typename Done> void wait(uint32_t pending, Done done) {
    while (groups.size() > pending) {
      finish(groups.front(), done);
      groups.erase(groups.begin());
    }
  }
  /// All, those of no group too.
  template <typename Done> void waitAll(Done done) {
    finish(copies.size(), done);
    groups.clear();
    open = 0;
  }
  /// Lets one of them arrive early, perhaps.
  void moveSome(Random &random);

private:
  template <typename Done> void finish(size_t count, Done done) {
    for (size_t i = 0; i < count; ++i) {
      copies[i].move();
      done(copies[i]);
    }
    copies.erase(copies.begin(), copies.begin() + count);
  }

  std::vector<AsyncCopy> copies; ///< oldest first
  std::vector<uint32_t> groups;  ///< sizes of those that are committed
  uint32_t open = 0;             ///< copies of no group
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_COPIES_H
