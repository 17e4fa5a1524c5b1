/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The asynchronous copies of a thread, in groups, as cp.async defines them. The
 * bytes of a copy arrive as late as allowed, when the thread waits for the
 * group of the copy. `moveSome` lets a copy arrive earlier.
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
  uint32_t offset; ///< of `to` in shared memory, in bytes
  uint32_t bytes, fromBytes;
  uint32_t site;
  bool moved = false;

  /// Writes the destination, once.
  void move();
};

class Copies {
public:
  void clear();
  bool empty() const { return copies.empty(); }
  const AsyncCopy &oldest() const { return copies.front(); }

  /// Adds a copy and fills its destination with one byte.
  void issue(const AsyncCopy &copy, uint8_t fill);
  /// Makes a group of the copies since the last call, which may be none.
  void commit();
  /// Finishes all groups but the last `pending` ones: each copy arrives, and
  /// `done(copy)` is called.
  template <typename Done> void wait(uint32_t pending, Done done) {
    while (groups.size() > pending) {
      finish(groups.front(), done);
      groups.erase(groups.begin());
    }
  }
  /// Finishes all copies, also those that are in no group yet.
  template <typename Done> void waitAll(Done done) {
    finish(copies.size(), done);
    groups.clear();
    open = 0;
  }
  /// With a probability of one half, lets one of the copies arrive now.
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
  std::vector<uint32_t> groups;  ///< the number of copies of each group
  uint32_t open = 0;             ///< copies that are in no group yet
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_COPIES_H
