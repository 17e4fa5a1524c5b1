// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches and their parameters.

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
    return failureOf([&] {
      call(*device, &moelora_device::launch, stream.get(), &launch, 1u);
    });
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

TEST_P(Launches, MayAskForAsMuchSharedMemoryAsTheirKernel) {
  Kernel large(*device, "add", 96 << 10);
  large.get("add", 10);
  for (uint32_t bytes : {1u << 10, 64u << 10, 32u << 10, 96u << 10})
    large.launch(stream.get(), parameters(), bytes);
  expectSums();
}

TEST_P(Launches, GoInOrderWithOneCall) {
  DeviceMemory more = onDevice(bytes * 3);
  auto *sums = reinterpret_cast<float *>(more.data());
  AddParameters given[] = {{sums, place(1), place(2)},
                           {sums + 4, sums, place(2)},
                           {sums + 8, sums + 4, place(2)}};
  moelora_launch launches[3];
  for (int i = 0; i < 3; ++i) {
    launches[i] = add->of(given[i]);
    launches[i].flags = i ? MOELORA_LAUNCH_DEPENDENT : 0;
  }
  call(*device, &moelora_device::launch, stream.get(),
       static_cast<const moelora_launch *>(launches), 3u);
  std::memset(given, 0, sizeof given);
  std::vector<float> got(4);
  copy(stream.get(), got.data(), sums + 8, bytes);
  synchronize(stream.get());
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(got[i], a[i] + b[i] + b[i] + b[i]);
}

TEST_P(Launches, OfWhichOneIsWrongDoNothing) {
  add->launch(stream.get(), parameters());
  AddParameters wrong = {place(0), place(1), place(1)};
  moelora_launch launches[] = {add->of(wrong), add->of(wrong)};
  launches[1].grid[2] = 0;
  EXPECT_NE(failureOf([&] {
              call(*device, &moelora_device::launch, stream.get(),
                   static_cast<const moelora_launch *>(launches), 2u);
            }),
            "");
  expectSums();
}

TEST_P(Launches, MayBeNone) {
  call(*device, &moelora_device::launch, stream.get(),
       static_cast<const moelora_launch *>(nullptr), 0u);
}

TEST_P(Launches, AreRefusedWithTooManyParameters) {
  std::vector<char> many(4097);
  moelora_launch launch = add->of(many);
  launch.parameters = many.data();
  launch.parameter_bytes = 4097;
  EXPECT_EQ(refusalOf(launch), "expects the parameters of a kernel to take at "
                               "most 4096 bytes, but they take 4097");
}

TEST_P(Launches, AreRefusedWithoutAGrid) {
  AddParameters given = parameters();
  moelora_launch launch = add->of(given);
  launch.grid[1] = 0;
  EXPECT_EQ(refusalOf(launch),
            "expects the grid and the block of a launch to be at least 1 in "
            "each direction, but in direction 1 they are 0 and 1");
}

TEST_P(Launches, AreRefusedWithAClusterThatDoesNotFit) {
  AddParameters given = parameters();
  moelora_launch launch = add->of(given);
  launch.grid[2] = 3;
  launch.cluster[2] = 2;
  EXPECT_EQ(refusalOf(launch),
            "expects the grid of a launch to be a multiple of its cluster, but "
            "in direction 2 they are 3 and 2");
}

TEST_P(Launches, AreRefusedWithUnknownFlags) {
  AddParameters given = parameters();
  moelora_launch launch = add->of(given);
  launch.flags = 6;
  EXPECT_EQ(refusalOf(launch),
            "expects the flags of a launch to be at most 1, but they are 6");
}

TEST_P(Launches, AreRefusedWithoutWhatTheyNeed) {
  AddParameters given = parameters();
  moelora_launch launch = add->of(given);
  launch.kernel = nullptr;
  EXPECT_EQ(refusalOf(launch),
            "expects the kernel of a launch, but it is NULL");
  launch = add->of(given);
  launch.parameters = nullptr;
  EXPECT_EQ(refusalOf(launch),
            "expects the parameters of a launch, but it is NULL");
}

INSTANTIATE_TEST_SUITE_P(On, Launches, everyDevice(), nameOfDevice);

} // namespace
