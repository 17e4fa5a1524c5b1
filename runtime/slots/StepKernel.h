/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The resolution of a step: what it reads and writes, and how a device does it.
 */
#ifndef MOELORA_RUNTIME_STEPKERNEL_H
#define MOELORA_RUNTIME_STEPKERNEL_H

#include "device/Handles.h"
#include "moelora/runtime/Abi.h"

#include <vector>

namespace moelora {

struct Resolution;

/// The tokens of the peer ranks of a group, whose ids a step resolves too.
class PeerTokens {
public:
  PeerTokens(moelora_group &group, uint32_t axes) : group(group), axes(axes) {}
  virtual ~PeerTokens() = default;
  PeerTokens(const PeerTokens &) = delete;

  /// Fails if the group is unusable or does not expect this number of own
  /// tokens.
  virtual void check(int64_t tokens) const = 0;
  /// Exchanges the ids and sets the numbers, after the resolution of the own
  /// ids. `inside`: the step has entered. If the exchange fails, all are -1,
  /// and the group has the error.
  virtual void resolve(const Resolution &own, bool inside) noexcept = 0;

  moelora_group &group;
  const uint32_t axes;         ///< bits of moelora_axis
  std::vector<int32_t> number; ///< of all, in ascending order of the ranks
};

/// The kernel's parameters, with addresses of device memory.
struct Resolution {
  const uint64_t *ticket, *directory;
  uint64_t *word;
  int32_t *number;
  moelora_run_stats *stats;
  const int32_t *ids, *validTokens; ///< validTokens may be NULL
  int64_t tokens;
  int32_t slots, indexBits;
  PeerTokens *peers; ///< NULL: none
};

/// Reads each word that a token uses once. The other words of the step are
/// undefined. With peers, it reads all words, before it knows their ids, and
/// waits for the peer ranks. Does not allocate, lock or fail.
void resolve(const Resolution &resolution) noexcept;

/// The number of an id, according to the words that were read.
int32_t numberOf(const Resolution &resolution, int32_t id);

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
