/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Injects faults and looks at what is left.
 */
#include "Faults.h"

#include "Answers.h"

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

/// The resources of this process.
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
    world.faulty.forget();
    armFault(series.fault, at, series.lasting);
    moelora_status status = series.operation->run(world, &error);
    failed = disarmFault();
    moelora_status expected =
        failed ? answerTo(series, world.faulty) : MOELORA_OK;
    Outcome outcome = {status, moelora_error_text(error)};
    moelora_error_free(error);
    why = judge(world, series, outcome, expected, states.before, states.after);
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
