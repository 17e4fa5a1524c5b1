/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The resolution of a step: what it reads and writes, and how a device does it.
 */
#ifndef MOELORA_RUNTIME_STEPKERNEL_H
#define MOELORA_RUNTIME_STEPKERNEL_H

#include "device/Handles.h"
#include "moelora/runtime/Abi.h"

namespace moelora {

/// The kernel's parameters, with addresses of device memory.
struct Resolution {
  const uint64_t *ticket, *directory;
  uint64_t *word;
  int32_t *number;
  moelora_run_stats *stats;
  const int32_t *ids, *validTokens; ///< validTokens may be NULL
  int64_t tokens;
  int32_t slots, indexBits;
};

/// Reads each word that a token uses once. The other words of the step are
/// undefined. Does not allocate, lock or fail.
void resolve(const Resolution &resolution) noexcept;

/// Resolves ids on a device.
class Resolver {
public:
  virtual ~Resolver() = default;
  /// Enqueues the resolution. Does not allocate, lock or wait.
  virtual void launch(moelora_stream *stream,
                      const Resolution &resolution) const = 0;
};

/// Calls `resolve`, on a device that runs kernels of the host.
class StepKernel : public Resolver {
public:
  explicit StepKernel(const moelora_device &device);
  ~StepKernel() override;
  StepKernel(const StepKernel &) = delete;

  /// Whether the device runs kernels of the host.
  bool isThere() const { return kernel; }
  /// Fails with UNSUPPORTED if it is not there.
  void launch(moelora_stream *stream,
              const Resolution &resolution) const override;

private:
  const moelora_device &device;
  moelora_module *module = nullptr;
  moelora_kernel *kernel = nullptr;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_STEPKERNEL_H
