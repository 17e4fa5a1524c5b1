/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The results of operations after failures, and the state that they leave.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_ANSWERS_H
#define MOELORA_TEST_RUNTIME_HOSTILE_ANSWERS_H

#include "Faults.h"

namespace moelora::test {

struct Outcome {
  moelora_status status;
  std::string text;
};

Outcome runOnce(World &world, const Operation &operation);

/// The only valid result of an operation after this failure.
moelora_status answerTo(const Series &series, const FaultyDevice &device);

/// Why the world after this run is not as it should be; "" when it is.
std::string judge(World &world, const Series &series, const Outcome &outcome,
                  moelora_status expected, const std::string &before,
                  const std::string &after);

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_ANSWERS_H
