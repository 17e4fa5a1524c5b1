/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Fibers.
 */
#include "Fiber.h"

using namespace moelora::emulator;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

namespace {

constexpr uint64_t stackBytes = 256 << 10, slabStacks = 32;

/// The distance in bytes of the first byte of a stack from the end of its
/// memory. All lanes of a warp use their stacks to the same depth. If all
/// stacks began at the same offset in a page, these parts would compete for the
/// same cache sets.
uint64_t stagger(uint32_t number) {
  constexpr uint64_t step = 576, steps = 61;
  return number % steps * step / 64 * 64;
}

} // namespace

Stack Stacks::take() {
  if (unused.empty())
    grow();
  Stack stack = unused.back();
  unused.pop_back();
  return stack;
}

void Stacks::grow() {
  Mapping slab(slabStacks * stackBytes, Mapping::ReadWrite);
  for (uint64_t i = slabStacks; i-- > 0;) {
    slab.protect(i * stackBytes, pageBytes, Mapping::None);
    char *low = slab.begin() + i * stackBytes;
    uint64_t used = stackBytes - stagger(made++);
    unused.push_back({low + pageBytes, low + used});
  }
  slabs.push_back(std::move(slab));
}

void Fiber::start(Stack on, Entry begin, void *with) {
  stack = on;
  entry = begin;
  argument = with;
  sanitizer::clean(stack.low, stack.top);
  self = sanitizer::create();
  here = make_fcontext(stack.top, stack.top - stack.low, &Fiber::enter);
}

void Fiber::enter(transfer_t from) {
  auto *fiber = static_cast<Fiber *>(from.data);
  sanitizer::arrive(nullptr, &fiber->workerStack, &fiber->workerStackBytes);
  fiber->worker = from.fctx;
  fiber->entry(fiber->argument);
  __builtin_unreachable();
}

Stack Fiber::abandon() {
  Stack left = stack;
  sanitizer::destroy(self);
  *this = Fiber();
  return left;
}
