/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One GPU: the primary context of the process, which engines use as well, and a
 * pool of memory in which allocating and freeing hold up no stream.
 */
#ifndef MOELORA_DEVICE_CUDADEVICE_H
#define MOELORA_DEVICE_CUDADEVICE_H

#include "device/cuda/CudaDriver.h"
#include "device/cuda/CudaStores.h"
#include "moelora/runtime/Device.h"

#include <memory>
#include <string>

namespace moelora::cuda {

class Device {
public:
  /// Fails as NOT_FOUND where there is no such device.
  static std::unique_ptr<Device> open(int ordinal);
  ~Device();

  const Driver driver;

  /// What callers see.
  const moelora_device &interface() const { return functions; }
  static Device &of(void *context) { return *static_cast<Device *>(context); }

  Address allocate(uint64_t bytes) const;
  void release(Address memory) const noexcept;
  void store(StreamHandle stream, Address to, uint64_t value);
  uint32_t mostSharedBytes() const { return sharedBytes; }

private:
  friend class Within;
  explicit Device(const std::string &library) : driver(library) {}
  void start(int ordinal);
  void startPool(int ordinal);
  void checkOrdinal(int ordinal) const;
  bool has(DeviceAttribute attribute) const;

  moelora_device functions = {};
  std::string name;
  int device = -1;
  uint32_t sharedBytes = 0;
  ContextHandle context = nullptr;
  PoolHandle pool = nullptr;      // NULL: there are none
  StreamHandle stream = nullptr;  // orders what the pool gives and takes
  std::unique_ptr<Stores> stores; // NULL: the driver stores
};

/// While it lives, calls of this thread are about the device, and a stream that
/// another thread captures into a graph does not mind them.
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

/// The functions of every device; its name and context are to be filled in.
moelora_device deviceFunctions();

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDADEVICE_H
