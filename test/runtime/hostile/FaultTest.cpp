/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A share of all faults, and that faults reach the library.
 */
#include "Faults.h"

#include <gmock/gmock.h>

using namespace moelora::test;

namespace {

const Operation &named(const char *name) {
  for (const Operation &operation : operations())
    if (operation.name == std::string(name))
      return operation;
  throw std::out_of_range(name);
}

/// Injections of one fault into one operation.
uint64_t countFaults(const Inputs &inputs, const char *name, Fault fault) {
  Faults faults;
  faults.exhaust(inputs, {&named(name), fault, false, true, 1});
  EXPECT_THAT(faults.failures, testing::IsEmpty());
  return faults.injections;
}

} // namespace

TEST(Faults, every_operation_survives_every_fault) {
  Faults faults;
  Inputs inputs(Form::Natural);
  for (bool remote : {false, true})
    faults.exhaustAll(inputs, remote, 3);
  EXPECT_THAT(faults.failures, testing::IsEmpty());
  EXPECT_GT(faults.injections, 500u);
}

TEST(Faults, all_of_them_reach_the_library) {
  Inputs inputs(Form::Plain);
  EXPECT_GT(countFaults(inputs, "open", Fault::Allocation), 100u);
  EXPECT_GE(countFaults(inputs, "open", Fault::Opening), 4u);
  EXPECT_GE(countFaults(inputs, "open", Fault::Reading), 3u);
  EXPECT_GE(countFaults(inputs, "assign", Fault::Reading), 1u);
  EXPECT_GE(countFaults(inputs, "assign", Fault::Mapping), 1u);
  EXPECT_GE(countFaults(inputs, "assign", Fault::Device), 3u);
  // Whether it waits for an earlier store too is a matter of time.
  EXPECT_GE(countFaults(inputs, "enter a step", Fault::Device), 2u);
  EXPECT_GE(countFaults(inputs, "leave a step", Fault::Device), 3u);
  EXPECT_EQ(countFaults(inputs, "create a pool", Fault::Thread), 3u);
}

TEST(Faults, launch_path_has_nothing_that_can_fail) {
  Inputs inputs(Form::Plain);
  for (Fault fault : {Fault::Allocation, Fault::Mapping, Fault::Reading,
                      Fault::Opening, Fault::Thread})
    EXPECT_EQ(countFaults(inputs, "resolve and run a layer", fault), 0u);
  // The launches of the resolution and of the layer; on the cpu they are calls.
  EXPECT_EQ(countFaults(inputs, "resolve and run a layer", Fault::Device), 2u);
  for (const char *call :
       {"acquire", "release", "enter a step again", "leave a step"})
    EXPECT_EQ(countFaults(inputs, call, Fault::Allocation), 0u) << call;
}

TEST(Faults, operations_that_do_things_by_half_are_seen) {
  Inputs inputs(Form::Plain);
  Operation half = {"half", nullptr, [](World &w, moelora_error **error) {
                      moelora_slot_table_evict(w.table, w.secondId, nullptr);
                      return moelora_adapter_open(w.inputs.folder.path.c_str(),
                                                  &w.target, nullptr, &w.opened,
                                                  error);
                    }};
  Faults faults;
  faults.exhaust(inputs, {&half, Fault::Reading, false, false, 1});
  EXPECT_EQ(faults.failures.size(), faults.injections);
  EXPECT_THAT(faults.failures, testing::Each(testing::HasSubstr("but left")));
}

TEST(Faults, what_is_lost_is_seen) {
  static std::vector<int *> lost;
  Inputs inputs(Form::Plain);
  Operation loses = {"loses", nullptr, [](World &, moelora_error **error) {
                       if (failsNow(Fault::Device)) {
                         lost.push_back(new int);
                         return moelora_error_make(error, MOELORA_IO, "no");
                       }
                       return MOELORA_OK;
                     }};
  lost.reserve(2);
  Faults faults;
  faults.exhaust(inputs, {&loses, Fault::Device, false, false, 1});
  EXPECT_THAT(faults.failures,
              testing::ElementsAre(testing::HasSubstr(" allocations")));
  for (int *number : lost)
    delete number;
}
