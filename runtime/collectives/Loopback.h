/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call that the threads of a loopback make together.
 *
 *   enter   each states its call; all wait for the last one
 *   copy    each reads the buffers of the others, which wait
 *   leave   all wait until the last one has copied
 *
 * A thread whose deadline is over, or that finds an error, makes the family
 * fail, which wakes all others. No thread begins to copy in a family that has
 * failed, and a call does not return before all copies in its transport have
 * ended. So no thread reads a buffer whose call has returned.
 */
#ifndef MOELORA_RUNTIME_COLLECTIVES_LOOPBACK_H
#define MOELORA_RUNTIME_COLLECTIVES_LOOPBACK_H

#include "moelora/runtime/Transport.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace moelora::loopback {

/// Guards all transports that were split from one.
struct Family {
  void fail(const std::string &text);

  std::mutex mutex;
  std::condition_variable changed;
  bool failed = false;
  std::string error; ///< the first one
};

class Threads;

/// The arguments of one thread's call.
struct Call {
  enum Kind { Gather, AllToAll, Split };

  Kind kind = Gather;
  const void *send = nullptr;
  const uint64_t *bytes = nullptr, *begin = nullptr;
  int32_t colour = 0, key = 0;
  std::shared_ptr<Threads> made; ///< by the first member of a new subgroup
};

/// The threads of one transport.
class Threads {
public:
  using Time = std::chrono::steady_clock::time_point;

  Threads(std::shared_ptr<Family> family, size_t ranks)
      : family(std::move(family)), calls(ranks), present(ranks) {}

  size_t ranks() const { return calls.size(); }
  /// Valid while copying.
  Call &callOf(size_t rank) { return calls[rank]; }

  void enter(size_t rank, Call call, Time deadline);
  /// Runs `copy`, which may read what the other threads have stated.
  template <typename Copy> void read(Copy copy) {
    beginCopy();
    try {
      copy();
    } catch (...) {
      endCopy();
      throw;
    }
    endCopy();
  }
  /// Waits for all others.
  void meet(size_t rank, Time deadline);
  /// Makes the family fail, and returns when no thread copies.
  void fail(const std::string &text);

  const std::shared_ptr<Family> family;

private:
  void beginCopy();
  void endCopy();
  std::string missing() const;

  std::vector<Call> calls;
  std::vector<char> present; ///< those that have come to the next meeting
  size_t arrived = 0, copying = 0;
  uint64_t meetings = 0;
};

} // namespace moelora::loopback

#endif // MOELORA_RUNTIME_COLLECTIVES_LOOPBACK_H
