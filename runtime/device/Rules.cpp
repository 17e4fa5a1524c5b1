/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules for the arguments of a device's functions.
 */
#include "device/Rules.h"

#include "base/Failure.h"

#include <algorithm>

using namespace moelora;

/// The limit that all drivers support and that moelora_launch documents.
static constexpr uint32_t mostParameterBytes = 4096;

uint64_t moelora::roundedBytes(uint64_t bytes, uint64_t granularity) {
  uint64_t pieces = std::max<uint64_t>(bytes, 1) / granularity +
                    (std::max<uint64_t>(bytes, 1) % granularity != 0);
  if (pieces > UINT64_MAX / granularity)
    throw std::bad_alloc();
  return pieces * granularity;
}

void moelora::checkThere(const void *pointer, const char *what) {
  if (!pointer)
    fail(std::string("expects ") + what + ", but it is NULL");
}

void moelora::failUnknownKey(int32_t key) {
  fail("the device knows no value of key " + std::to_string(key),
       MOELORA_NOT_FOUND);
}

void moelora::checkCopy(const void *to, const void *from, uint64_t bytes) {
  if (!bytes)
    return;
  checkThere(to, "a place to copy to");
  checkThere(from, "a place to copy from");
}

void moelora::checkStore(const uint64_t *to) {
  checkThere(to, "the address of a store");
  if (auto odd = reinterpret_cast<uintptr_t>(to) % sizeof(uint64_t))
    fail("expects the address of a store to be a multiple of 8, but it is " +
         std::to_string(odd) + " beyond one");
}

bool moelora::isAddressOnly(int32_t kind) {
  return kind == MOELORA_BINARY_HOST || kind == MOELORA_BINARY_EMULATED;
}

static void checkBytes(const moelora_binary &binary) {
  bool isAddress = isAddressOnly(binary.kind);
  if (isAddress != (binary.bytes == 0))
    fail(std::string("expects a binary of kind ") +
         std::to_string(binary.kind) +
         (isAddress ? " to have 0 bytes" : " to have at least 1 byte") +
         ", but it has " + std::to_string(binary.bytes));
  bool isText = binary.kind == MOELORA_BINARY_PTX;
  if (isText && static_cast<const char *>(binary.data)[binary.bytes - 1])
    fail("expects PTX to end in a zero byte that is counted, but byte " +
         std::to_string(binary.bytes - 1) + ", the last one, is not 0");
}

void moelora::checkBinary(const moelora_binary *binary) {
  checkThere(binary, "a binary");
  if (binary->kind < MOELORA_BINARY_HOST ||
      binary->kind > MOELORA_BINARY_EMULATED)
    fail("expects the kind of a binary to be 1 to 5, but it is " +
         std::to_string(binary->kind));
  if (binary->reserved)
    fail("expects the field reserved of a binary to be 0, but it is " +
         std::to_string(binary->reserved));
  checkThere(binary->data, "the data of a binary");
  checkBytes(*binary);
}

void moelora::refuseBinary(const moelora_binary &binary, const char *device) {
  static constexpr const char *kinds[] = {"kernels of the host", "PTX",
                                          "a cubin", "NVVM bitcode",
                                          "kernels of the emulator"};
  fail(std::string("the binary is ") + kinds[binary.kind - 1] +
           ", which is not for " + device,
       MOELORA_UNSUPPORTED);
}

void moelora::checkKernelInfo(const moelora_kernel_info *info) {
  checkThere(info, "the description of a kernel");
  checkThere(info->name, "the name of a kernel");
  if (info->flags)
    fail("expects the flags of a kernel to be 0, but they are " +
         std::to_string(info->flags));
}

static void checkParameters(const moelora_launch &launch) {
  if (launch.parameter_bytes > mostParameterBytes)
    fail("expects the parameters of a kernel to take at most " +
         std::to_string(mostParameterBytes) + " bytes, but they take " +
         std::to_string(launch.parameter_bytes));
  if (launch.parameter_bytes)
    checkThere(launch.parameters, "the parameters of a launch");
}

static void checkSizes(const moelora_launch &launch, int axis) {
  uint32_t grid = launch.grid[axis], block = launch.block[axis];
  if (!grid || !block)
    fail("expects the grid and the block of a launch to be at least 1 in each "
         "direction, but in direction " +
         std::to_string(axis) + " they are " + std::to_string(grid) + " and " +
         std::to_string(block));
  uint32_t cluster = launch.cluster[axis];
  if (cluster && grid % cluster)
    fail("expects the grid of a launch to be a multiple of its cluster, but in "
         "direction " +
         std::to_string(axis) + " they are " + std::to_string(grid) + " and " +
         std::to_string(cluster));
}

static void checkLaunch(const moelora_launch &launch) {
  checkThere(launch.kernel, "the kernel of a launch");
  if (launch.flags & ~MOELORA_LAUNCH_DEPENDENT)
    fail("expects the flags of a launch to be at most 1, but they are " +
         std::to_string(launch.flags));
  checkParameters(launch);
  for (int axis = 0; axis < 3; ++axis)
    checkSizes(launch, axis);
}

void moelora::checkLaunches(const moelora_launch *launches, uint32_t count) {
  if (count)
    checkThere(launches, "launches");
  for (uint32_t i = 0; i < count; ++i)
    checkLaunch(launches[i]);
}

bool moelora::hasClusters(const moelora_launch &launch) {
  const auto &[x, y, z] = launch.cluster;
  return x > 1 || y > 1 || z > 1;
}
