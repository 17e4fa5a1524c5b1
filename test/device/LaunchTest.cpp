// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels and their parameters.

#include "Devices.h"

#include <optional>

using namespace moelora;
using namespace moelora::test;

namespace {

/// Adds two vectors of the device; the host sees them through copies.
class Launches : public Devices {
protected:
  void SetUp() override {
    Devices::SetUp();
    if (!device)
      return;
    add.emplace(*device, "add");
    stream = Stream(*device);
    memory = onDevice(bytes * 3);
    a = randomFloats(4, 1);
    b = randomFloats(4, 2);
    copy(stream.get(), place(1), a.data(), bytes);
    copy(stream.get(), place(2), b.data(), bytes);
  }
  void TearDown() override {
    stream = Stream();
    memory = DeviceMemory();
    add.reset();
    Devices::TearDown();
  }

  static constexpr uint64_t bytes = 4 * sizeof(float);
  float *place(uint64_t i) {
    return reinterpret_cast<float *>(memory.data() + bytes * i);
  }
  AddParameters parameters() { return {place(0), place(1), place(2)}; }
  void expectSums() {
    std::vector<float> sums(4);
    copy(stream.get(), sums.data(), place(0), bytes);
    synchronize(stream.get());
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(sums[i], a[i] + b[i]) << i;
  }
  std::string refusalOf(const moelora_launch &launch) {
    return failureOf(
        [&] { call(*device, &moelora_device::launch, stream.get(), &launch); });
  }

  std::optional<Kernel> add;
  Stream stream;
  DeviceMemory memory;
  std::vector<float> a, b;
};

TEST_P(Launches, RunWithTheirParameters) {
  add->launch(stream.get(), parameters());
  expectSums();
}

TEST_P(Launches, RunWithoutAStream) {
  synchronize(stream.get());
  add->launch(nullptr, parameters());
  synchronize(nullptr);
  expectSums();
}

TEST_P(Launches, CopyTheirParametersAtOnce) {
  AddParameters changed = parameters();
  add->launch(stream.get(), changed);
  changed = {nullptr, nullptr, nullptr};
  expectSums();
}

/// Parameters of launches that wait side by side are not mixed up.
TEST_P(Launches, HaveParametersOfTheirOwn) {
  DeviceMemory more = onDevice(bytes * 100);
  auto *sums = reinterpret_cast<float *>(more.data());
  for (int i = 0; i < 100; ++i) {
    const float *left = i ? sums + 4 * (i - 1) : place(1);
    add->launch(stream.get(), AddParameters{sums + 4 * i, left, place(2)});
  }
  std::vector<float> got(4), expected = a;
  copy(stream.get(), got.data(), sums + 4 * 99, bytes);
  synchronize(stream.get());
  for (int i = 0; i < 100; ++i)
    for (size_t j = 0; j < 4; ++j)
      expected[j] += b[j];
  EXPECT_EQ(got, expected);
}

TEST_P(Launches, MayAskForMoreSharedMemoryThanIsUsual) {
  for (uint32_t bytes : {1u << 10, 64u << 10, 32u << 10, 96u << 10})
    add->launch(stream.get(), parameters(), bytes);
  expectSums();
}

TEST_P(Launches, MayNotAskForMoreSharedMemoryThanThereIs) {
  if (std::string(device->name) == "cpu")
    GTEST_SKIP() << "the cpu has no shared memory";
  moelora_status status = MOELORA_OK;
  std::string text = failureOf(
      [&] { add->launch(stream.get(), parameters(), 1 << 30); }, &status);
  EXPECT_EQ(status, MOELORA_INVALID);
  EXPECT_THAT(text, testing::MatchesRegex(
                        "expects a block to have at most the [0-9]+ bytes of "
                        "shared memory of the device, but the launch asks for "
                        "1073741824"));
  add->launch(stream.get(), parameters());
  expectSums();
}

TEST_P(Launches, AreRefusedWithTooManyParameters) {
  std::vector<char> many(4097);
  moelora_launch launch = {add->get(), {1, 1, 1}, {4, 1, 1},
                           0,          4097,      many.data()};
  EXPECT_EQ(refusalOf(launch), "expects the parameters of a kernel to take at "
                               "most 4096 bytes, but they take 4097");
}

TEST_P(Launches, AreRefusedWithoutAGrid) {
  AddParameters given = parameters();
  moelora_launch launch = {add->get(), {1, 0, 1},    {4, 1, 1},
                           0,          sizeof given, &given};
  EXPECT_EQ(refusalOf(launch),
            "expects the grid and the block of a launch to be at least 1 in "
            "each direction, but in direction 1 they are 0 and 1");
}

TEST_P(Launches, NeedAnImageThatHoldsTheKernel) {
  if (std::string(device->name) == "cpu")
    GTEST_SKIP() << "kernels of the cpu have no names";
  moelora_status status = MOELORA_OK;
  EXPECT_EQ(failureOf([&] { Kernel(*device, "subtract"); }, &status),
            "expects the image to hold the kernel \"subtract\", but it does "
            "not");
  EXPECT_EQ(status, MOELORA_NOT_FOUND);
}

TEST_P(Launches, NeedAnImage) {
  moelora_kernel *kernel = nullptr;
  auto load = [&](const void *image, uint64_t bytes) {
    return failureOf([&] {
      call(*device, &moelora_device::kernel_load, image, bytes, "add", &kernel);
    });
  };
  EXPECT_NE(load(nullptr, 0), "");
  EXPECT_NE(load("neither PTX nor a cubin", 23), "");
  EXPECT_EQ(kernel, nullptr);
}

INSTANTIATE_TEST_SUITE_P(On, Launches, everyDevice(), nameOfDevice);

} // namespace
