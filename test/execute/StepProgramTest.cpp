// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program with which a step is created: which steps need one.

#include "EmulatedLayers.h"

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct StepProgram : testing::Test {
  OpenDevice device{"emulator"};
  EmulatedProgram made{*device};
  TableOf table{made.made().adapters, &*device};
};

TEST_F(StepProgram, IsOfTheTablesDevice) {
  moelora_step *none = nullptr;
  EmulatedProgram other(*moelora_device_cpu());
  EXPECT_THAT(errorOf(moelora_step_create, table.table, other.program,
                      int64_t(8), &none),
              HasSubstr("expects a program on the slot table's device emulator "
                        "sm_90, but it is on cpu"));
  EXPECT_EQ(none, nullptr);
}

TEST_F(StepProgram, WithoutOneAStepEntersAndDoesNotResolve) {
  StepOf without(table.table);
  without.enter();
  DeviceArray ids(*device, std::vector<int32_t>{0});
  EXPECT_EQ(errorOf(moelora_step_resolve, without.step,
                    static_cast<moelora_stream *>(nullptr),
                    static_cast<const int32_t *>(ids.data<int32_t>()),
                    int64_t(1), static_cast<const int32_t *>(nullptr)),
            "expects a step that was made with a program, because emulator "
            "sm_90 does not run kernels of the host, but it was not");
  without.leave();
}

TEST_F(StepProgram, IsKept) {
  StepOf step(table.table, 8, made.program);
  EXPECT_EQ(errorOf(moelora_program_destroy, made.program),
            "expects a program that no step resolves with any more, but there "
            "are 1");
  EXPECT_EQ(moelora_program_destroy(made.program, nullptr), MOELORA_BUSY);
}

/// A program for the cpu has no such entry point, and the cpu needs none.
TEST_F(StepProgram, OnTheCpuNeedsNoEntryPoint) {
  EmulatedProgram cpu(*moelora_device_cpu());
  TableOf mine(cpu.made().adapters);
  StepOf pass(mine.table, 8, cpu.program);
  int32_t id = mine.add("one");
  pass.enter();
  pass.resolve({id, -1});
  EXPECT_EQ(moelora_step_view_of(pass.step)->number[0], 0);
  pass.leave();
}

TEST_F(StepProgram, NeedsTheEntryPoint) {
  moelora_artifact artifact = made.artifact();
  moelora_variant variant = made.made();
  artifact.variant = &variant;
  artifact.variants = 1;
  --variant.entries; // the last one
  moelora_program *program = nullptr;
  moelora_step *none = nullptr;
  ASSERT_EQ(errorOf(moelora_program_create, &artifact,
                    static_cast<const char *>(nullptr), &*device,
                    static_cast<const moelora_services *>(nullptr), &program),
            "");
  EXPECT_EQ(
      errorOf(moelora_step_create, table.table, program, int64_t(8), &none),
      "expects a program that resolves ids, because emulator sm_90 does "
      "not run kernels of the host, but naive has no entry point for it");
  EXPECT_EQ(moelora_step_create(table.table, program, 8, &none, nullptr),
            MOELORA_UNSUPPORTED);
  EXPECT_EQ(errorOf(moelora_program_destroy, program), "");
}

} // namespace
