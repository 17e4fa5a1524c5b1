// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opens the devices of the suite.

#include "Devices.h"

#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <random>
#include <thread>

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr const char *variable = "MOELORA_CUDA_DRIVER";
const char *const systemDriver = std::getenv(variable);

} // namespace

const FakeControl &moelora::test::fakeDriver() {
  static void *library = ::dlopen(FAKE_DRIVER, RTLD_NOW | RTLD_LOCAL);
  static auto control = reinterpret_cast<decltype(&fake_cuda_control)>(
      ::dlsym(library, "fake_cuda_control"));
  return *control();
}

DriverFile::DriverFile(const char *path) {
  if (const char *value = std::getenv(variable))
    before = value;
  path ? ::setenv(variable, path, 1) : ::unsetenv(variable);
}

DriverFile::~DriverFile() {
  before.empty() ? ::unsetenv(variable) : ::setenv(variable, before.c_str(), 1);
}

std::string moelora::test::refusal(const char *name, moelora_status *status) {
  const moelora_device *device = nullptr;
  moelora_error *error = nullptr;
  moelora_status answer = moelora_device_open(name, &device, &error);
  if (status)
    *status = answer;
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
  return text;
}

void Devices::SetUp() {
  before = fakeDriver().live().all();
  std::string name = GetParam();
  if (name == "test") {
    TestDeviceOptions options;
    options.threaded = true;
    device = testDevice.emplace(options).get();
    return;
  }
  bool fake = name == "fake" || name == "oldfake";
  if (fake)
    fakeDriver().setFeatures(name == "fake");
  DriverFile driver(fake ? FAKE_DRIVER : systemDriver);
  moelora_error *error = nullptr;
  bool named = name == "cpu" || name == "emulator";
  moelora_status status =
      moelora_device_open(named ? name.c_str() : "cuda", &device, &error);
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  if (name == "cuda" && status == MOELORA_NOT_FOUND)
    GTEST_SKIP() << text;
  ASSERT_EQ(status, MOELORA_OK) << text;
}

void Devices::TearDown() {
  if (testDevice) {
    EXPECT_THAT(testDevice->complaints(), testing::IsEmpty());
    EXPECT_EQ(testDevice->live().all(), 0);
    return;
  }
  EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
  EXPECT_EQ(fakeDriver().live().all(), before);
}

void Devices::expectToPass(const Event &event) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!passed(event)) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::yield();
  }
}

std::vector<float> moelora::test::randomFloats(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> signedOnes(-1, 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = signedOnes(random);
  return values;
}
