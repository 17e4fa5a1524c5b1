/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Injects faults and looks at what is left.
 */
#include "Faults.h"

#include "Judgement.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

namespace moelora::test {

namespace {

int64_t countIn(const char *folder) {
  namespace fs = std::filesystem;
  fs::directory_iterator all(folder);
  return std::distance(fs::begin(all), fs::end(all));
}

/// What this process holds.
struct Holdings {
  Holdings()
      : allocations(liveAllocations()), files(countIn("/proc/self/fd")),
        threads(countIn("/proc/self/task")) {}
  int64_t allocations, files, threads;

  /// Threads that have been joined may be listed for a moment longer, before
  /// as well as now.
  bool areBackTo(const Holdings &before) const {
    return allocations == before.allocations && files == before.files &&
           threads <= before.threads;
  }
  std::string text() const {
    return std::to_string(allocations) + " allocations, " +
           std::to_string(files) + " files, " + std::to_string(threads) +
           " threads";
  }
};

Holdings holdingsLike(const Holdings &before) {
  constexpr int patience = 200;
  Holdings now;
  for (int i = 0; i < patience && !now.areBackTo(before); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    now = Holdings();
  }
  return now;
}

/// What an operation may answer when this fails.
bool mayAnswer(Fault fault, moelora_status status) {
  switch (fault) {
  case Fault::Allocation:
  case Fault::Mapping:
  case Fault::Thread:
    return status == MOELORA_OUT_OF_MEMORY;
  case Fault::Device: // an event that cannot be asked may not have passed
    return status == MOELORA_IO || status == MOELORA_BUSY;
  case Fault::Opening:
  case Fault::Reading:
  case Fault::Ending:
    return status == MOELORA_IO;
  default: // what is to be tried again
    return false;
  }
}

struct Outcome {
  moelora_status status;
  std::string text;
};

Outcome runOnce(World &world, const Operation &operation) {
  moelora_error *error = nullptr;
  Outcome outcome = {operation.run(world, &error), moelora_error_text(error)};
  moelora_error_free(error);
  return outcome;
}

/// Why the world after this run is not as it should be; "" when it is.
std::string judge(World &world, const Series &series, const Outcome &outcome,
                  const std::string &before, const std::string &after) {
  const Operation &operation = *series.operation;
  Fault fault = series.fault;
  std::string state = world.describe();
  if (operation.keeps && fault == Fault::Device && series.lasting)
    return ""; // nothing is lost, and all that is served can be read
  if (outcome.status == MOELORA_OK)
    return state == after ? "" : "succeeded, but left " + state;
  if (!mayAnswer(fault, outcome.status))
    return "answered " + statusName(outcome.status) + ": " + outcome.text;
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

} // namespace

Faults::States Faults::clean(const Inputs &inputs, const Series &series) {
  World world(inputs, series.remote);
  if (series.operation->prepare)
    series.operation->prepare(world);
  States states;
  states.before = world.describe();
  Outcome outcome = runOnce(world, *series.operation);
  EXPECT_EQ(outcome.status, MOELORA_OK)
      << series.operation->name << ": " << outcome.text;
  states.after = world.describe();
  return states;
}

bool Faults::inject(const Inputs &inputs, const Series &series,
                    const States &states, uint64_t at) {
  Holdings before;
  std::string why;
  uint64_t failed = 0;
  int64_t missing = 0;
  {
    World world(inputs, series.remote);
    if (series.operation->prepare)
      series.operation->prepare(world);
    moelora_error *error = nullptr;
    armFault(series.fault, at, series.lasting);
    moelora_status status = series.operation->run(world, &error);
    failed = disarmFault();
    Outcome outcome = {status, moelora_error_text(error)};
    moelora_error_free(error);
    why = judge(world, series, outcome, states.before, states.after);
    missing = world.close();
  }
  bool told = !why.empty();
  if (told)
    fail(inputs, series, at, why);
  Holdings after = told ? before : holdingsLike(before);
  if (missing != 0)
    fail(inputs, series, at, std::to_string(missing) + " things of the device");
  if (!after.areBackTo(before))
    fail(inputs, series, at, after.text() + " of " + before.text());
  injections += failed > 0;
  tallies[series.operation->name][series.fault] += failed > 0;
  return failed > 0;
}

void Faults::exhaust(const Inputs &inputs, const Series &series) {
  States states = clean(inputs, series);
  for (uint64_t at = 0; inject(inputs, series, states, at); at += series.step)
    ;
}

void Faults::exhaustAll(const Inputs &inputs, bool remote, uint64_t step) {
  for (const Operation &operation : operations()) {
    for (Fault fault : {Fault::Allocation, Fault::Mapping, Fault::Opening,
                        Fault::Reading, Fault::Ending, Fault::Interrupt,
                        Fault::Halving, Fault::Thread, Fault::Device})
      exhaust(inputs, {&operation, fault, false, remote, step});
    for (Fault fault :
         {Fault::Allocation, Fault::Mapping, Fault::Opening, Fault::Reading,
          Fault::Ending, Fault::Thread, Fault::Device})
      exhaust(inputs, {&operation, fault, true, remote, step});
  }
}

void Faults::print() const {
  std::printf("%-24s %s\n", "operation", "injections");
  for (const auto &[operation, faults] : tallies) {
    std::printf("%-24s", operation.c_str());
    for (const auto &[fault, count] : faults)
      if (count)
        std::printf(" %s %lu", faultName(fault), count);
    std::printf("\n");
  }
}

void Faults::fail(const Inputs &inputs, const Series &series, uint64_t at,
                  const std::string &why) {
  failures.push_back(std::string(series.operation->name) + ", " +
                     formName(inputs.form) + ", " +
                     (series.remote ? "remote, " : "") +
                     faultName(series.fault) + " " + std::to_string(at) +
                     (series.lasting ? " and all later" : "") + ": " + why);
}

} // namespace moelora::test
