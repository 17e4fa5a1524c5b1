/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A launch, as its workers share it.
 */
#ifndef MOELORA_EMULATOR_LAUNCH_H
#define MOELORA_EMULATOR_LAUNCH_H

#include "Memory.h"
#include "Options.h"

#include "moelora/emulator/Kernel.h"
#include "moelora/runtime/Kernel.h"

#include <atomic>
#include <mutex>
#include <string>

namespace moelora::emulator {

struct Launch {
  Launch(const moelora_emulated_kernel &kernel, const moelora_launch &shape,
         const Options &options, Memory &memory, uint64_t number);

  const moelora_emulated_kernel &kernel;
  const moelora_launch &shape;
  const Options &options;
  Memory &memory;
  const uint64_t number; ///< of the launch on its device
  const uint64_t blocks;
  const uint32_t threads;           ///< of a block
  std::atomic<uint64_t> started{0}; ///< blocks
  std::atomic<uint64_t> atomics{0}; ///< done on global memory
  std::atomic<bool> failed{false};

  /// The block that is started as the n-th one.
  uint64_t blockAt(uint64_t n) const {
    return (first + n % blocks * step) % blocks;
  }
  /// The first fault ends the launch.
  void fail(std::string text);
  std::string fault();

private:
  uint64_t first = 0, step = 1;
  std::mutex mutex;
  std::string text;
};

/// "(1, 2, 3)" of a position, given as its number, in sizes.
std::string shownPosition(uint64_t number, const uint32_t (&sizes)[3]);

/// Fails where the hardware takes no such launch.
void checkShape(const moelora_launch &shape, const Options &options);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_LAUNCH_H
