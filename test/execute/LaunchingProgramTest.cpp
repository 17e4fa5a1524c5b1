// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Variants that launch kernels themselves, on a device that says that it is a
// GPU and runs kernels of the host: which architectures take them, and what
// becomes of launches that fail.

#include "CheckedArtifact.h"
#include "CopyRun.h"

#include <cstring>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

int64_t architecture = 90;

moelora_status answerAsGpu(void *context, int32_t key, int64_t *value,
                           moelora_error **error) {
  if (key == MOELORA_DEVICE_KIND)
    *value = MOELORA_DEVICE_KIND_CUDA;
  else if (key == MOELORA_DEVICE_ARCHITECTURE)
    *value = architecture;
  else if (key == MOELORA_DEVICE_SHARED_BYTES)
    *value = 99 << 10;
  else
    return moelora_device_cpu()->query(context, key, value, error);
  return MOELORA_OK;
}

moelora_status launchNothing(void *, moelora_stream *, const moelora_launch *,
                             uint32_t, moelora_error **error) {
  return moelora_error_make(error, MOELORA_DEVICE_LOST, "the GPU is on fire");
}

struct Parameters {
  const float *from;
  float *to;
  int64_t count;
};

void addOne(const moelora_launch *launch) {
  Parameters p;
  std::memcpy(&p, launch->parameters, sizeof p);
  for (int64_t i = 0; i < p.count; ++i)
    p.to[i] = p.from[i] + 1;
}

/// Two launches, of which the second one reads what the first one wrote.
int32_t runTwoKernels(const moelora_run_args *args) {
  auto *output = static_cast<float *>(args->operand[1]);
  int64_t count = args->tokens * CopyRun::Width;
  const Parameters parameters[] = {
      {static_cast<const float *>(args->operand[0]), output, count},
      {output, output, count}};
  moelora_launch launches[2] = {};
  for (int i = 0; i < 2; ++i) {
    launches[i].kernel = args->kernels[0];
    for (uint32_t *size : {launches[i].grid, launches[i].block})
      size[0] = size[1] = size[2] = 1;
    launches[i].parameter_bytes = sizeof parameters[i];
    launches[i].parameters = &parameters[i];
  }
  const moelora_services *services = args->services;
  return services->launch(services->context, args->on, launches, 2)
             ? MOELORA_RUN_DEVICE_FAILED
             : MOELORA_RUN_OK;
}

struct LaunchingProgram : CheckedArtifact {
  LaunchingProgram() {
    architecture = 90;
    gpu.query = answerAsGpu;
    variant.target = "sm_90";
    variant.services = MOELORA_SERVICE_LAUNCH;
    variant.binary = &binary;
    variant.kernel = &kernel;
    variant.binaries = variant.kernels = 1;
    entries[MOELORA_ENTRY_ALL].run = runTwoKernels;
  }
  ~LaunchingProgram() override {
    moelora_layer_unbind(layer, nullptr);
    moelora_program_destroy(program, nullptr);
  }
  std::string make() {
    moelora_program_destroy(std::exchange(program, nullptr), nullptr);
    return errorOf(moelora_program_create, &artifact,
                   static_cast<const char *>(nullptr), &gpu,
                   static_cast<const moelora_services *>(nullptr), &program);
  }
  std::string runOnce() {
    moelora_binding binding = copy.bound.weights.binding();
    EXPECT_EQ(make(), "");
    EXPECT_EQ(errorOf(moelora_layer_bind, program, &binding, &layer), "");
    return errorOf(moelora_layer_run, layer, &copy.run);
  }

  void (*function)(const moelora_launch *) = addOne;
  moelora_binary binary = {MOELORA_BINARY_HOST, 0, 0,
                           reinterpret_cast<const void *>(function)};
  moelora_kernel_info kernel = {"add_one", 0, 32, 0, 0};
  moelora_device gpu = *moelora_device_cpu();
  CopyRun copy;
  moelora_program *program = nullptr;
  moelora_bound_layer *layer = nullptr;
};

TEST_F(LaunchingProgram, GetsItsKernelsAndLaunches) {
  EXPECT_EQ(runOnce(), "");
  EXPECT_EQ(copy.output, copy.expected({2, 2, 2}));
}

TEST_F(LaunchingProgram, IsForItsArchitectureAndLaterOnes) {
  architecture = 100;
  EXPECT_EQ(make(), "");
  architecture = 80;
  EXPECT_THAT(make(), HasSubstr("sm_90 is for a later architecture"));
  variant.target = "sm_90a";
  EXPECT_THAT(make(), HasSubstr("sm_90a is for its own architecture only"));
  architecture = 100;
  EXPECT_THAT(make(), HasSubstr("sm_90a is for its own architecture only"));
  architecture = 90;
  EXPECT_EQ(make(), "");
}

TEST_F(LaunchingProgram, NeedsTheSharedMemoryOfItsKernels) {
  kernel.shared_bytes = 99 << 10;
  EXPECT_EQ(make(), "");
  kernel.shared_bytes += 1;
  EXPECT_THAT(make(), HasSubstr("sm_90 needs 101377 bytes of shared memory for "
                                "a thread block, of which this device has "
                                "101376"));
}

TEST_F(LaunchingProgram, SaysWhatTheDeviceSays) {
  gpu.launch = launchNothing;
  EXPECT_EQ(runOnce(), "the GPU is on fire");
  EXPECT_EQ(moelora_layer_run(layer, &copy.run, nullptr), MOELORA_DEVICE_LOST);
}

TEST_F(LaunchingProgram, ExchangesNoRowsYet) {
  variant.services |= MOELORA_SERVICE_COLLECTIVE;
  EXPECT_EQ(make(), "");
  moelora_binding binding = copy.bound.weights.binding();
  EXPECT_EQ(errorOf(moelora_layer_bind, program, &binding, &layer),
            "expects a layer that exchanges rows to run on the host, as groups "
            "have no memory of devices yet, but it is for sm_90");
}

TEST_F(LaunchingProgram, WithoutItsCodeThereIsNone) {
  binary.kind = MOELORA_BINARY_NVVM;
  binary.bytes = 4;
  EXPECT_NE(make(), "");
  EXPECT_EQ(program, nullptr);
}

} // namespace
