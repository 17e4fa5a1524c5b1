/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One GPU: the primary context of the process, which engines use as well, and a
 * memory pool. Allocating from the pool and freeing stall no stream.
 */
#ifndef MOELORA_DEVICE_CUDADEVICE_H
#define MOELORA_DEVICE_CUDADEVICE_H

#include "base/Failure.h"
#include "device/cuda/CudaDriver.h"
#include "device/cuda/CudaStores.h"
#include "moelora/runtime/Device.h"

#include <memory>
#include <mutex>
#include <string>

namespace moelora::cuda {

class Device {
public:
  /// Fails with NOT_FOUND if there is no such device.
  static std::unique_ptr<Device> open(int ordinal);
  ~Device();

  const Driver driver;

  /// The public struct of the device.
  const moelora_device &interface() const { return functions; }
  static Device &of(void *context) { return *static_cast<Device *>(context); }

  Address allocate(uint64_t bytes) const;
  void release(Address memory) const noexcept;
  void store(StreamHandle stream, Address to, uint64_t value);

  /// Properties, read when the device was opened.
  struct Facts {
    int ordinal, architecture, multiprocessors, sharedBytes;
    bool launchesWith;       // attributes
    bool launchesDependents; // also in captures
  };
  Facts facts = {};

  /// Held to raise the shared memory of a kernel.
  std::mutex kernels;

private:
  friend class Within;
  explicit Device(const std::string &library) : driver(library) {}
  void start(int ordinal);
  void startPool(int ordinal);
  void checkOrdinal(int ordinal) const;
  void lookAt(int ordinal);
  int ask(DeviceAttribute attribute) const;
  bool has(DeviceAttribute attribute) const;

  moelora_device functions = {};
  std::string name;
  int device = -1;
  ContextHandle context = nullptr;
  PoolHandle pool = nullptr;      // NULL: there are none
  StreamHandle stream = nullptr;  // orders allocations and releases of the pool
  std::unique_ptr<Stores> stores; // NULL: the driver supports stores
};

/// During its lifetime, driver calls of this thread use the device, and do not
/// disturb a stream that another thread captures into a graph.
class Within {
public:
  explicit Within(const Device &device);
  ~Within();
  Answer entered() const { return pushed; }

private:
  const Driver &driver;
  const Answer pushed;
  int mode = CaptureRelaxed;
  bool relaxed = false;
};

/// Runs `body(device, driver)` with the context's device, and returns an error
/// if it throws.
template <typename Body>
moelora_status use(void *context, moelora_error **error, Body body) {
  return guarded(error, [&] {
    Device &device = Device::of(context);
    Within within(device);
    device.driver.check(within.entered());
    body(device, device.driver);
  });
}

/// The same for functions that free objects, which ignore errors.
template <typename Body> void finish(void *context, Body body) {
  Device &device = Device::of(context);
  Within within(device);
  body(device, device.driver);
}

inline StreamHandle handleOf(moelora_stream *stream) {
  return reinterpret_cast<StreamHandle>(stream);
}

/// The functions of every CUDA device, without its name and context.
moelora_device deviceFunctions();
/// Fills in the functions for modules, kernels and launches.
void addKernelFunctions(moelora_device &device);

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDADEVICE_H
