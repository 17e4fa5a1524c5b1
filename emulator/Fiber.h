/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Fibers: stacks with guard pages, and switches between a worker and a GPU
 * thread. A fiber that is left alone for good is simply not resumed.
 */
#ifndef MOELORA_EMULATOR_FIBER_H
#define MOELORA_EMULATOR_FIBER_H

#include "Mapping.h"
#include "Sanitizer.h"

#include <boost/context/detail/fcontext.hpp>

#include <vector>

namespace moelora::emulator {

struct Stack {
  char *low = nullptr, *top = nullptr; ///< it grows down from `top`
};

/// Stacks of one worker. They live as long as it does.
class Stacks {
public:
  Stack take();
  void give(Stack stack) { unused.push_back(stack); }

private:
  void grow();

  std::vector<Mapping> slabs;
  std::vector<Stack> unused;
  uint32_t made = 0;
};

class Fiber {
public:
  using Entry = void (*)(void *argument);

  bool started() const { return stack.top != nullptr; }
  /// `entry` must not return: it ends in a last `suspend`.
  void start(Stack stack, Entry entry, void *argument);
  /// On the worker: runs the fiber until it suspends.
  void resume();
  /// On the fiber: goes back to the worker that resumed it.
  void suspend();
  /// On the worker: the stack, which the fiber will need no more.
  Stack abandon();

private:
  static void enter(boost::context::detail::transfer_t from);

  boost::context::detail::fcontext_t here = nullptr, worker = nullptr;
  Stack stack;
  Entry entry = nullptr;
  void *argument = nullptr;
  /// For AddressSanitizer: the worker's stack.
  const void *workerStack = nullptr;
  size_t workerStackBytes = 0;
  /// For ThreadSanitizer: what it takes for this fiber and the worker.
  void *self = nullptr, *resumer = nullptr;
};

// A return to another stack than the call came from is one that the processor
// does not foresee, so both sides of a switch are part of their callers.

inline void Fiber::resume() {
  void *fake = nullptr;
  sanitizer::leave(&fake, stack.low, stack.top - stack.low);
  resumer = sanitizer::current();
  sanitizer::switchTo(self);
  here = boost::context::detail::jump_fcontext(here, this).fctx;
  sanitizer::arrive(fake, nullptr, nullptr);
}

inline void Fiber::suspend() {
  void *fake = nullptr;
  sanitizer::leave(&fake, workerStack, workerStackBytes);
  sanitizer::switchTo(resumer);
  worker = boost::context::detail::jump_fcontext(worker, nullptr).fctx;
  sanitizer::arrive(fake, &workerStack, &workerStackBytes);
}

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_FIBER_H
