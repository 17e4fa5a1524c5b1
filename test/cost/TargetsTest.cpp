// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The names of targets, and the table of GPU architectures.

#include "moelora/support/Targets.h"

#include <gtest/gtest.h>

using namespace moelora;

namespace {

TEST(Targets, names_of_the_host_of_gpus_and_of_the_emulator) {
  EXPECT_EQ(parseCodeTarget("cpu")->kind, CodeKind::Host);
  EXPECT_EQ(parseCodeTarget("sm_90")->kind, CodeKind::Gpu);
  EXPECT_EQ(parseCodeTarget("emulated-sm_86")->kind, CodeKind::Emulated);
  EXPECT_EQ(parseCodeTarget("emulated-sm_86")->architecture, 86u);
  EXPECT_FALSE(parseCodeTarget("sm_90")->exact);
  EXPECT_TRUE(parseCodeTarget("sm_90a")->exact);
}

TEST(Targets, other_names_are_refused) {
  for (const char *name :
       {"", "gpu", "cpu2", "emulated-", "emulated-cpu", "sm_", "sm_x", "sm_080",
        "sm_90ab", "sm_90A", "sm_90 ", "sm_-80", "sm_4294967296", "sm_8.0"})
    EXPECT_FALSE(parseCodeTarget(name)) << name;
}

TEST(Targets, layers_are_compiled_for_known_architectures) {
  EXPECT_EQ(findGpu("emulated-sm_120")->number, 120u);
  EXPECT_EQ(findGpu("emulated-sm_90")->number, 90u);
  for (const char *name : {"cpu", "sm_70", "sm_90a", "none"})
    EXPECT_FALSE(findGpu(name)) << name;
}

TEST(Targets, messages_list_all_architectures) {
  EXPECT_EQ(listArchitectures(""), "80, 86, 89, 90 or 120");
  EXPECT_EQ(listArchitectures("sm_", ", "),
            "sm_80, sm_86, sm_89, sm_90, sm_120");
}

} // namespace
