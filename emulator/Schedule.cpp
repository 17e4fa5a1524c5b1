/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Decides which thread of a worker runs next.
 */
#include "Schedule.h"

#include "Thread.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::emulator;

/// On average, the warp with the highest priority receives the lowest one once
/// in this many steps.
static constexpr uint32_t stepsOfLead = 256;
/// The priorities of warps that fell behind are below this value, and all
/// others are above it.
static constexpr uint64_t firstLowest = uint64_t(1) << 40;

Schedule::Schedule(Order order, uint64_t seed)
    : order(order), byLanes(seed & 1), numbers(Random::mixed(seed)),
      lowest(firstLowest) {}

uint64_t Schedule::priority(const Thread &thread) const {
  uint64_t ofWarp = thread.warp->priority;
  return byLanes && ofWarp >= firstLowest
             ? firstLowest + (Random::mixed(ofWarp + thread.lane) >> 16)
             : ofWarp;
}

void Schedule::push(Thread &thread) {
  ranked.push_back({priority(thread), &thread});
  std::push_heap(ranked.begin(), ranked.end());
}

Thread *Schedule::pop() {
  std::pop_heap(ranked.begin(), ranked.end());
  Thread *thread = ranked.back().thread;
  ranked.pop_back();
  return thread;
}

void Schedule::add(Thread &thread) {
  switch (order) {
  case Order::RoundRobin:
    queue.push_back(&thread);
    return;
  case Order::Random:
    any.push_back(&thread);
    return;
  case Order::Adversarial:
    push(thread);
    return;
  }
}

void Schedule::addFirst(Thread &thread) {
  if (order == Order::RoundRobin)
    queue.push_front(&thread);
  else
    add(thread);
}

Thread *Schedule::next() {
  Thread *thread = nullptr;
  if (!queue.empty()) {
    thread = queue.front();
    queue.pop_front();
  } else if (!any.empty()) {
    std::swap(any[numbers.below(any.size())], any.back());
    thread = any.back();
    any.pop_back();
  } else if (!ranked.empty()) {
    thread = pop();
    if (numbers.below(stepsOfLead) == 0) {
      thread->warp->priority = --lowest;
      push(*thread);
      thread = pop();
    }
  }
  return thread;
}
