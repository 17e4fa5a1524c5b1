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

  /// From now on, the device says that it is of this kind.
  void pretend(moelora_device_kind kind, int64_t architecture) {
    pretended = {kind, architecture};
    device.context = this;
    device.query = [](void *context, int32_t key, int64_t *value,
                      moelora_error **) {
      const auto &[kind, architecture] =
          static_cast<const Program *>(context)->pretended;
      *value = key == MOELORA_DEVICE_KIND ? int64_t(kind) : architecture;
      return MOELORA_OK;
    };
  }

  std::pair<moelora_device_kind, int64_t> pretended;
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
            "expects the compiled layer copy to have a variant of target cpu "
            "for cpu, but sm_90 is for a GPU");
  EXPECT_EQ(error("sm_100"),
            "expects the compiled layer copy to have a variant of target cpu "
            "for cpu, but it has sm_90, cpu, cpu and not sm_100");
}

TEST_F(Program, NeedsWhatTheCpuHas) {
  variant.needs = "sse2,,sse";
  EXPECT_EQ(error(), "");
  variant.needs = "sse2,quantum64";
  EXPECT_EQ(error(),
            "expects the compiled layer copy to have a variant of target cpu "
            "for cpu, but cpu needs quantum64, which this CPU does not have "
            "(compile with --cpu=...)");
}

TEST_F(Program, AFileForAnotherCpuLoadsAndMakesNoProgram) {
  LoadedLayer alien(LAYER_ALIEN_CPU);
  artifact = alien.artifact();
  EXPECT_THAT(error(), HasSubstr("needs quantum64"));
}

/// Each device runs the variant of its kind, whatever the order of variants.
TEST_F(Program, OfAnArtifactForManyDevicesIsThatOfTheDevice) {
  moelora_variant several[] = {variant, variant, variant, variant, variant};
  const char *targets[] = {"sm_90", "emulated-sm_90a", "cpu", "emulated-sm_80",
                           "sm_80"};
  for (size_t i = 0; i < std::size(several); ++i)
    several[i].target = targets[i];
  artifact.variant = several;
  artifact.variants = std::size(several);
  const struct {
    moelora_device_kind kind;
    int64_t architecture;
    size_t taken;
  } cases[] = {{MOELORA_DEVICE_KIND_CPU, 0, 2},
               {MOELORA_DEVICE_KIND_OTHER, 0, 2},
               {MOELORA_DEVICE_KIND_CUDA, 90, 0},
               {MOELORA_DEVICE_KIND_CUDA, 89, 4},
               {MOELORA_DEVICE_KIND_EMULATOR, 80, 3},
               {MOELORA_DEVICE_KIND_EMULATOR, 90, 1},
               {MOELORA_DEVICE_KIND_EMULATOR, 120, 3}};
  for (const auto &[kind, architecture, taken] : cases) {
    pretend(kind, architecture);
    EXPECT_EQ(error(), "");
    EXPECT_EQ(moelora_program_variant(program), &several[taken]);
    EXPECT_EQ(error(targets[taken]), "");
  }
}

/// The code for the latest architecture, whatever the order of variants.
TEST_F(Program, IsOfTheLatestArchitectureThatTheDeviceRuns) {
  moelora_variant several[] = {variant, variant, variant, variant, variant};
  const char *targets[] = {"sm_80", "sm_90a", "sm_90", "sm_120", "sm_90"};
  for (size_t i = 0; i < std::size(several); ++i)
    several[i].target = targets[i];
  artifact.variant = several;
  artifact.variants = std::size(several);
  const struct {
    int64_t architecture;
    size_t taken;
  } cases[] = {{80, 0}, {89, 0}, {90, 1}, {100, 2}, {120, 3}, {121, 3}};
  for (const auto &[architecture, taken] : cases) {
    pretend(MOELORA_DEVICE_KIND_CUDA, architecture);
    EXPECT_EQ(error(), "");
    EXPECT_EQ(moelora_program_variant(program), &several[taken]);
    EXPECT_EQ(error("sm_80"), "");
    EXPECT_EQ(moelora_program_variant(program), &several[0]);
  }
}

TEST_F(Program, NeedsAVariantOfTheDevice) {
  moelora_variant several[] = {variant, variant, variant, variant, variant};
  const char *targets[] = {"cpu", "sm_80", "emulated-sm_90", "emulated-sm_80a",
                           "emulated-cpu"};
  for (size_t i = 0; i < std::size(several); ++i)
    several[i].target = targets[i];
  artifact.variant = several;
  artifact.variants = std::size(several);
  pretend(MOELORA_DEVICE_KIND_EMULATOR, 86);
  EXPECT_EQ(error(), "expects the compiled layer copy to have a variant of "
                     "target emulated-sm_86 or earlier for cpu, but cpu is for "
                     "a host, sm_80 is for a GPU, emulated-sm_90 is for a "
                     "later architecture, emulated-sm_80a is for its own "
                     "architecture only, emulated-cpu is no target that this "
                     "version knows");
  EXPECT_THAT(error("cpu"), HasSubstr("for cpu, but cpu is for a host"));
  pretend(MOELORA_DEVICE_KIND_CUDA, 75);
  EXPECT_THAT(error(), HasSubstr("of target sm_75 or earlier for cpu, but cpu "
                                 "is for a host, sm_80 is for a later "
                                 "architecture, emulated-sm_90 is for the "
                                 "emulator, "));
  for (const char *target : {"", "sm_", "sm_x", "sm_-1", "emulated-"}) {
    variant.target = target;
    artifact.variant = &variant;
    artifact.variants = 1;
    EXPECT_THAT(error(), HasSubstr("is no target that this version knows"));
  }
}

/// Emulated kernels are code of the host.
TEST_F(Program, NeedsFeaturesOfTheCpuForEmulatedKernels) {
  variant.target = "emulated-sm_80";
  variant.needs = "sse2,quantum64";
  pretend(MOELORA_DEVICE_KIND_EMULATOR, 80);
  EXPECT_THAT(error(), HasSubstr("but emulated-sm_80 needs quantum64, which "
                                 "this CPU does not have"));
  variant.needs = "sse2";
  EXPECT_EQ(error(), "");
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
