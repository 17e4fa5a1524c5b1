/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The expected result for each possible failure.
 */
#include "Answers.h"

#include "Judgement.h"

namespace moelora::test {

namespace {

/// The result of an operation if a call of the device fails.
moelora_status answerTo(FaultyDevice::Refused refused,
                        const Operation &operation) {
  switch (refused) {
  case FaultyDevice::Record:
    return operation.needsRecord ? MOELORA_IO : MOELORA_OK;
  case FaultyDevice::State: // its state is available later
    return MOELORA_OK;
  default:
    return MOELORA_IO;
  }
}

} // namespace

moelora_status answerTo(const Series &series, const FaultyDevice &device) {
  switch (series.fault) {
  case Fault::Allocation:
  case Fault::Mapping:
  case Fault::Thread:
    return MOELORA_OUT_OF_MEMORY;
  case Fault::Device:
    return answerTo(device.refused(), *series.operation);
  case Fault::Opening:
  case Fault::Reading:
  case Fault::Ending:
    return MOELORA_IO;
  default: // what is to be tried again
    return MOELORA_OK;
  }
}

Outcome runOnce(World &world, const Operation &operation) {
  moelora_error *error = nullptr;
  Outcome outcome = {operation.run(world, &error), moelora_error_text(error)};
  moelora_error_free(error);
  return outcome;
}

std::string judge(World &world, const Series &series, const Outcome &outcome,
                  moelora_status expected, const std::string &before,
                  const std::string &after) {
  const Operation &operation = *series.operation;
  Fault fault = series.fault;
  std::string state = world.describe();
  bool missed = operation.opensAhead && outcome.status == MOELORA_OK;
  if (outcome.status != expected && !missed)
    return "expects " + statusName(expected) + ", but answered " +
           statusName(outcome.status) + ": " + outcome.text;
  if (series.lasting && (operation.keeps || world.broken()))
    return ""; // all that is served can be read
  if (outcome.status == MOELORA_OK)
    return state == after ? "" : "succeeded, but left " + state;
  bool constant = fault == Fault::Allocation; // there is no memory for another
  if (constant ? outcome.text != "out of memory" : outcome.text.empty())
    return "answered with the text '" + outcome.text + "'";
  if (state != before)
    return "failed, but left " + state + "\ninstead of " + before;
  Outcome again = runOnce(world, operation);
  if (again.status != MOELORA_OK)
    return "cannot be done any more: " + again.text;
  state = world.describe();
  return state == after ? "" : "was repeated, but left " + state;
}

} // namespace moelora::test
