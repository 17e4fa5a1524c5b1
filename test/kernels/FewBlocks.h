// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The emulator with fewer thread blocks for each launch, so that a block has
// several tiles or tokens, as in large batches.
#ifndef MOELORA_TEST_KERNELS_FEWBLOCKS_H
#define MOELORA_TEST_KERNELS_FEWBLOCKS_H

#include "moelora/emulator/Kernel.h"
#include "moelora/runtime/Device.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace moelora::kernels {

/// One of these exists at a time.
class FewBlocks {
public:
  FewBlocks(const moelora_device &device, uint32_t most) : limited(device) {
    limited.launch = launch;
    original = device.launch;
    mostBlocks = most;
  }
  FewBlocks(const FewBlocks &) = delete;

  const moelora_device &device() const { return limited; }

private:
  /// A block of the plan owns experts, so it needs all of its blocks.
  static bool needsAll(const moelora_launch &launch) {
    auto *kernel =
        reinterpret_cast<const moelora_emulated_kernel *>(launch.kernel);
    return std::string_view(kernel->name).substr(0, 4) == "plan";
  }

  static moelora_status launch(void *context, moelora_stream *stream,
                               const moelora_launch *launches, uint32_t count,
                               moelora_error **error) {
    std::vector<moelora_launch> all(launches, launches + count);
    for (moelora_launch &each : all)
      if (!needsAll(each))
        each.grid[0] = std::min(each.grid[0], mostBlocks);
    return original(context, stream, all.data(), count, error);
  }

  moelora_device limited;
  static inline decltype(moelora_device::launch) original = nullptr;
  static inline uint32_t mostBlocks = 0;
};

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_FEWBLOCKS_H
