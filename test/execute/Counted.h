// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts what all threads of a process allocate and lock.
#ifndef MOELORA_TEST_EXECUTE_COUNTED_H
#define MOELORA_TEST_EXECUTE_COUNTED_H

namespace moelora::test {

/// `allocations`: of memory, by any function; `locks`: of mutexes and
/// read-write locks.
struct Costs {
  int allocations, locks;
};

Costs costsSoFar();

template <typename Body> Costs costsOf(Body body) {
  Costs before = costsSoFar();
  body();
  Costs after = costsSoFar();
  return {after.allocations - before.allocations, after.locks - before.locks};
}

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_COUNTED_H
