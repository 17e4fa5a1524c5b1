/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Fibers, which run GPU threads: a stack with a guard page, and switches
 * between a worker and the fiber. A fiber that has not ended may be abandoned;
 * its stack is not unwound.
 */
#ifndef MOELORA_EMULATOR_FIBER_H
#define MOELORA_EMULATOR_FIBER_H

#include "Mapping.h"
#include "Sanitizer.h"

#include <boost/context/detail/fcontext.hpp>

#include <vector>

namespace moelora::emulator {

struct Stack {
  char *low = nullptr, *top = nullptr; ///< the stack grows down from `top`
};

/// The stacks of one worker. They stay allocated until the worker ends.
class Stacks {
public:
  /// Throws std::bad_alloc.
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
  /// Sets the function that the first `resume` calls. It must not return: its
  /// last action is to suspend the fiber.
  void start(Stack stack, Entry entry, void *argument);
  /// Called on the worker. Runs the fiber until it suspends.
  void resume();
  /// Called on the fiber. Switches to the worker that resumed it.
  void suspend();
  /// Called on the worker. Returns the stack of a fiber that is not resumed any
  /// more.
  Stack abandon();

private:
  static void enter(boost::context::detail::transfer_t from);

  boost::context::detail::fcontext_t here = nullptr, worker = nullptr;
  Stack stack;
  Entry entry = nullptr;
  void *argument = nullptr;
  /// The worker's stack, for AddressSanitizer.
  const void *workerStack = nullptr;
  size_t workerStackBytes = 0;
  /// The sanitizer's objects for this fiber and the worker, for
  /// ThreadSanitizer.
  void *self = nullptr, *resumer = nullptr;
};

// A switch returns to another stack than it was called from, and the processor
// mispredicts such a return. So the two functions are inlined into their
// callers.

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
