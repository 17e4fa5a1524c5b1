// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs: which variant a device takes, what it must have, and in which order
// things end.

#include "CheckedArtifact.h"

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Program : CheckedArtifact {
  ~Program() override { moelora_program_destroy(program, nullptr); }
  std::string error(const char *target = nullptr,
                    const moelora_services *services = nullptr) {
    moelora_program_destroy(std::exchange(program, nullptr), nullptr);
    return errorOf(moelora_program_create, &artifact, target, &device, services,
                   &program);
  }

  moelora_device device = *moelora_device_cpu();
  moelora_program *program = nullptr;
};

TEST_F(Program, TakesTheFirstVariantThatTheDeviceTakes) {
  moelora_variant several[] = {variant, variant, variant};
  several[0].target = "sm_90";
  several[1].needs = "sse2,quantum64";
  artifact.variant = several;
  artifact.variants = 3;
  EXPECT_EQ(error(), "");
  EXPECT_EQ(moelora_program_variant(program), &several[2]);
  EXPECT_EQ(error("cpu"), "");
  EXPECT_EQ(moelora_program_variant(program), &several[2]);
  EXPECT_EQ(error("sm_90"),
            "expects a variant of the compiled layer copy for cpu, but it is "
            "for sm_90, which cpu is not");
  EXPECT_EQ(error("sm_100"),
            "expects a variant of the compiled layer copy for cpu, but it has "
            "sm_90, cpu, cpu and not sm_100");
}

TEST_F(Program, NeedsWhatTheCpuHas) {
  variant.needs = "sse2,,sse";
  EXPECT_EQ(error(), "");
  variant.needs = "sse2,quantum64";
  EXPECT_EQ(error(),
            "expects a variant of the compiled layer copy for cpu, but it "
            "needs quantum64, which this CPU does not have; compile with "
            "--cpu=...");
}

TEST_F(Program, AFileForAnotherCpuLoadsAndMakesNoProgram) {
  LoadedLayer alien(LAYER_ALIEN_CPU);
  artifact = alien.artifact();
  EXPECT_THAT(error(), HasSubstr("needs quantum64"));
}

TEST_F(Program, NeedsADeviceThatRunsKernelsOfTheHost) {
  device.query = [](void *, int32_t, int64_t *value, moelora_error **) {
    *value = MOELORA_DEVICE_KIND_CUDA;
    return MOELORA_OK;
  };
  EXPECT_EQ(error(), "expects a variant of the compiled layer copy for cpu, "
                     "but it is for a host, which cpu is not");
}

TEST_F(Program, NeedsTheServicesThatItCalls) {
  moelora_services services = serialServices();
  EXPECT_EQ(error(nullptr, &services), "");
  services.plan = nullptr; // which this layer does not call
  EXPECT_EQ(error(nullptr, &services), "");
  variant.services |= MOELORA_SERVICE_PLAN;
  EXPECT_EQ(error(nullptr, &services),
            "expects services to have plan, which the compiled layer calls, "
            "but it is null");
  services.abi = 9;
  EXPECT_THAT(error(nullptr, &services), HasSubstr("services of version 4"));
}

TEST_F(Program, ChecksTheDescription) {
  variant.workspace_align = 0;
  EXPECT_THAT(error(), HasSubstr("the alignment of the workspace"));
}

TEST_F(Program, EndsAfterItsLayersAndBeforeItsFile) {
  MadeProgram made(LAYER_COPY);
  moelora_binding binding = made.weights.binding();
  moelora_bound_layer *layer = nullptr;
  ASSERT_EQ(errorOf(moelora_layer_bind, made.program, &binding, &layer), "");
  EXPECT_EQ(moelora_program_destroy(made.program, nullptr), MOELORA_BUSY);
  EXPECT_EQ(moelora_artifact_close(made.file, nullptr), MOELORA_BUSY);
  EXPECT_EQ(errorOf(moelora_program_destroy, made.program),
            "expects a program that no layer is bound with any more, but there "
            "are 1");
  EXPECT_EQ(errorOf(moelora_artifact_close, made.file),
            "expects a file that nothing is made of any more, but there are 1 "
            "programs of it");
  EXPECT_EQ(errorOf(moelora_layer_unbind, layer), "");
}

} // namespace
