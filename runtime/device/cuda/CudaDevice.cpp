/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens and closes a GPU, and manages its memory.
 */
#include "device/cuda/CudaDevice.h"

#include <cstdlib>

using namespace moelora;
using namespace moelora::cuda;

/// The driver's own unit of memory, and a multiple of the promised alignment.
static constexpr uint64_t granularity = 512;

Within::Within(const Device &device)
    : driver(device.driver), pushed(driver.contextPush(device.context)) {
  relaxed =
      pushed.result == Success && driver.captureMode(&mode).result == Success;
}

Within::~Within() {
  if (relaxed)
    (void)driver.captureMode(&mode);
  ContextHandle popped;
  if (pushed.result == Success)
    (void)driver.contextPop(&popped);
}

std::unique_ptr<Device> Device::open(int ordinal) {
  const char *library = std::getenv("MOELORA_CUDA_DRIVER");
  std::unique_ptr<Device> device(
      new Device(library && *library ? library : "libcuda.so.1"));
  device->checkOrdinal(ordinal);
  device->start(ordinal);
  return device;
}

void Device::checkOrdinal(int ordinal) const {
  int count = 0;
  try {
    driver.check(driver.init(0));
    driver.check(driver.deviceCount(&count));
  } catch (const Failure &failure) {
    fail("no CUDA device: " + failure.text, MOELORA_NOT_FOUND);
  }
  if (count == 0)
    fail("no CUDA device: the driver knows of none", MOELORA_NOT_FOUND);
  if (ordinal >= count)
    fail("expects the number of a CUDA device to be below their count of " +
             std::to_string(count) + ", but it is " + std::to_string(ordinal),
         MOELORA_NOT_FOUND);
}

/// Also false if the driver is too old to know the attribute.
bool Device::has(DeviceAttribute attribute) const {
  int value = 0;
  Answer answer = driver.deviceAttribute(&value, attribute, device);
  return answer.result == Success && value;
}

int Device::ask(DeviceAttribute attribute) const {
  int value = 0;
  driver.check(driver.deviceAttribute(&value, attribute, device));
  return value;
}

void Device::lookAt(int ordinal) {
  // Launches with attributes, and dependent ones in captures.
  constexpr int withAttributes = 12000, dependentsInGraphs = 12030;
  constexpr int withClusters = 90;
  int version = 0;
  driver.check(driver.version(&version));
  facts.ordinal = ordinal;
  facts.architecture = 10 * ask(ArchitectureMajor) + ask(ArchitectureMinor);
  facts.multiprocessors = ask(Multiprocessors);
  facts.sharedBytes = ask(MostSharedBytes);
  facts.launchesWith = driver.launchWith && version >= withAttributes &&
                       facts.architecture >= withClusters;
  facts.launchesDependents =
      facts.launchesWith && version >= dependentsInGraphs;
}

void Device::start(int ordinal) {
  char model[256] = {};
  driver.check(driver.deviceGet(&device, ordinal));
  driver.check(driver.deviceName(model, sizeof model - 1, device));
  lookAt(ordinal);
  name = "cuda:" + std::to_string(ordinal) + " " + model;
  functions = deviceFunctions();
  functions.context = this;
  functions.name = name.c_str();
  functions.granularity = granularity;

  driver.check(driver.contextRetain(&context, device));
  Within within(*this);
  driver.check(within.entered());
  if (driver.poolCreate && driver.poolDestroy && driver.poolSet &&
      driver.poolAllocate && driver.poolRelease && has(HasMemoryPools))
    startPool(ordinal);
  if (!driver.store || !has(HasStores))
    stores = std::make_unique<Stores>(driver);
}

void Device::startPool(int ordinal) {
  PoolProperties properties;
  properties.ordinal = ordinal;
  driver.check(driver.streamCreate(&stream, StreamNonBlocking));
  driver.check(driver.poolCreate(&pool, &properties));
  // Freed memory stays in the pool for the next adapter, because returning it
  // to the system and allocating it again would stall.
  uint64_t all = UINT64_MAX;
  driver.check(driver.poolSet(pool, ReleaseThreshold, &all));
}

Device::~Device() {
  if (!context)
    return;
  {
    Within within(*this);
    stores.reset();
    if (stream)
      (void)driver.streamSynchronize(stream);
    if (pool)
      (void)driver.poolDestroy(pool);
    if (stream)
      (void)driver.streamDestroy(stream);
  }
  (void)driver.contextRelease(device);
}

Address Device::allocate(uint64_t bytes) const {
  Address memory = 0;
  if (!pool) {
    driver.check(driver.allocate(&memory, bytes));
    return memory;
  }
  driver.check(driver.poolAllocate(&memory, bytes, pool, stream));
  // From here on, any stream may use it.
  Answer there = driver.streamSynchronize(stream);
  if (there.result != Success)
    release(memory);
  driver.check(there);
  return memory;
}

void Device::release(Address memory) const noexcept {
  if (pool)
    (void)driver.poolRelease(memory, stream);
  else
    (void)driver.release(memory);
}

void Device::store(StreamHandle stream, Address to, uint64_t value) {
  if (stores)
    stores->store(stream, to, value);
  else
    driver.check(driver.store(stream, to, value, StoreDefault));
}
