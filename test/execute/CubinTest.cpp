// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Variants whose PTX is followed by its cubin: which of them a device loads.

#include "CheckedArtifact.h"
#include "EmulatedLayers.h"
#include "FakeDriver.h"

#include "moelora/runtime/Log.h"

#include <dlfcn.h>

using namespace moelora::test;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

int64_t architecture = 90;
std::vector<int32_t> loads; // kinds of binaries that are loaded
moelora_status cubinStatus = MOELORA_OK;
std::string heard;

moelora_status answerAsGpu(void *context, int32_t key, int64_t *value,
                           moelora_error **error) {
  if (key == MOELORA_DEVICE_KIND)
    *value = MOELORA_DEVICE_KIND_CUDA;
  else if (key == MOELORA_DEVICE_ARCHITECTURE)
    *value = architecture;
  else
    return moelora_device_cpu()->query(context, key, value, error);
  return MOELORA_OK;
}

moelora_status load(void *, const moelora_binary *binary,
                    moelora_module **module, moelora_error **error) {
  loads.push_back(binary->kind);
  if (binary->kind == MOELORA_BINARY_CUBIN && cubinStatus != MOELORA_OK)
    return moelora_error_make(error, cubinStatus, "this cubin is too new");
  *module = reinterpret_cast<moelora_module *>(&loads);
  return MOELORA_OK;
}

moelora_status find(void *, moelora_module *, const moelora_kernel_info *,
                    moelora_kernel **kernel, moelora_error **) {
  *kernel = reinterpret_cast<moelora_kernel *>(&loads);
  return MOELORA_OK;
}

struct CubinProgram : CheckedArtifact {
  CubinProgram() {
    architecture = 90;
    cubinStatus = MOELORA_OK;
    heard.clear();
    gpu.query = answerAsGpu;
    gpu.module_load = load;
    gpu.module_unload = [](void *, moelora_module *) {};
    gpu.kernel_get = find;
    variant.target = "sm_90";
    variant.services = MOELORA_SERVICE_LAUNCH;
    variant.binary = binaries;
    variant.kernel = &kernel;
    variant.binaries = 2;
    variant.kernels = 1;
    moelora_set_log([](void *, int32_t, const char *text) { heard += text; },
                    nullptr);
  }
  ~CubinProgram() override { moelora_set_log(nullptr, nullptr); }

  /// Makes a program, and returns its error.
  std::string make() {
    loads.clear();
    moelora_program *program = nullptr;
    std::string error = errorOf(
        moelora_program_create, &artifact, static_cast<const char *>(nullptr),
        &gpu, static_cast<const moelora_services *>(nullptr), &program);
    EXPECT_EQ(errorOf(moelora_program_destroy, program), "");
    return error;
  }

  moelora_binary binaries[2] = {{MOELORA_BINARY_PTX, 0, 1, ""},
                                {MOELORA_BINARY_CUBIN, 0, 1, "c"}};
  moelora_kernel_info kernel = {"add_one", 0, 32, 0, 0};
  moelora_device gpu = *moelora_device_cpu();
};

TEST_F(CubinProgram, LoadsTheCubinOnItsArchitecture) {
  EXPECT_EQ(make(), "");
  EXPECT_THAT(loads, ElementsAre(MOELORA_BINARY_CUBIN));
  EXPECT_EQ(heard, "");
}

TEST_F(CubinProgram, LoadsThePtxOnLaterArchitectures) {
  for (int64_t later : {100, 120}) {
    architecture = later;
    EXPECT_EQ(make(), "");
    EXPECT_THAT(loads, ElementsAre(MOELORA_BINARY_PTX));
  }
}

TEST_F(CubinProgram, LoadsThePtxIfTheDriverDoesNotTakeTheCubin) {
  for (moelora_status status : {MOELORA_INVALID, MOELORA_UNSUPPORTED}) {
    cubinStatus = status;
    heard.clear();
    EXPECT_EQ(make(), "");
    EXPECT_THAT(loads, ElementsAre(MOELORA_BINARY_CUBIN, MOELORA_BINARY_PTX));
    EXPECT_EQ(heard, "the PTX of a layer is compiled now, because its cubin "
                     "cannot be loaded: this cubin is too new");
  }
}

TEST_F(CubinProgram, FailsIfTheDeviceDoes) {
  for (moelora_status status : {MOELORA_OUT_OF_MEMORY, MOELORA_DEVICE_LOST}) {
    cubinStatus = status;
    EXPECT_EQ(make(), "this cubin is too new");
    EXPECT_THAT(loads, ElementsAre(MOELORA_BINARY_CUBIN));
  }
}

TEST_F(CubinProgram, HasItsKernelsInThePtx) {
  kernel.binary = 1;
  EXPECT_EQ(error(), "expects the kernel add_one of a compiled layer to be of "
                     "the PTX before its cubin, but it is of the cubin");
}

/// A cubin that follows no PTX is a binary like others.
TEST_F(CubinProgram, MayBeACubinAlone) {
  kernel.binary = 1;
  std::swap(binaries[0], binaries[1]);
  binaries[1].kind = MOELORA_BINARY_CUBIN;
  EXPECT_EQ(make(), "");
  EXPECT_THAT(loads, ElementsAre(MOELORA_BINARY_CUBIN, MOELORA_BINARY_CUBIN));
}

/// On the driver whose GPU is the emulator.
TEST(CubinOfALayer, IsLoadedForExactlyItsArchitecture) {
  void *library = ::dlopen(EMULATED_DRIVER, RTLD_NOW | RTLD_LOCAL);
  auto control = reinterpret_cast<decltype(&fake_cuda_control)>(
      ::dlsym(library, "fake_cuda_control"));
  for (auto [options, count] :
       {std::pair("architecture=80", 1), std::pair("architecture=90", 0)}) {
    ::setenv("MOELORA_EMULATED_GPU", options, 1);
    long before = control()->cubinLoads();
    {
      OpenDevice device("cuda");
      EXPECT_STREQ(EmulatedProgram(*device).made().target, "sm_80");
    }
    EXPECT_EQ(control()->cubinLoads() - before, count) << options;
  }
  ::unsetenv("MOELORA_EMULATED_GPU");
}

} // namespace
