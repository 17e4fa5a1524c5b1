/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Fails every call of every operation, one after the other: the first
 * allocation, the second, ... until none is left to fail; then the reads, and
 * so on. After each, the world is as it was before or as it should be after,
 * nothing is lost, and the same operation succeeds when nothing fails.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_FAULTS_H
#define MOELORA_TEST_RUNTIME_HOSTILE_FAULTS_H

#include "Interposed.h"
#include "World.h"

#include <gtest/gtest.h>

namespace moelora::test {

/// The call that fails, and its position.
struct Series {
  const Operation *operation;
  Fault fault;
  bool lasting; ///< every call from there on
  bool remote;  ///< on a device whose memory is elsewhere
  uint64_t step = 1;
};

class Faults {
public:
  /// Until a run ends without a call that failed.
  void exhaust(const Inputs &inputs, const Series &series);
  /// All faults of all operations.
  void exhaustAll(const Inputs &inputs, bool remote, uint64_t step);
  /// A line for each operation: injections by fault.
  void print() const;

  uint64_t injections = 0;
  std::vector<std::string> failures;

private:
  struct States {
    std::string before, after;
  };
  static States clean(const Inputs &inputs, const Series &series);
  /// False when nothing failed any more.
  bool inject(const Inputs &inputs, const Series &series, const States &states,
              uint64_t at);
  void fail(const Inputs &inputs, const Series &series, uint64_t at,
            const std::string &why);

  std::map<std::string, std::map<Fault, uint64_t>> tallies;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_FAULTS_H
