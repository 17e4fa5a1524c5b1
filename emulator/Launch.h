/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The data of a launch that its workers share.
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

/// The referenced objects must outlive the launch. Any worker may use it.
struct Launch {
  Launch(const moelora_emulated_kernel &kernel, const moelora_launch &shape,
         const Options &options, Memory &memory, uint64_t number);

  const moelora_emulated_kernel &kernel;
  const moelora_launch &shape;
  const Options &options;
  Memory &memory;
  const uint64_t number; ///< the launch's number on its device, from 0
  const uint64_t blocks;
  const uint32_t threads;           ///< of a thread block
  std::atomic<uint64_t> started{0}; ///< thread blocks
  std::atomic<uint64_t> atomics{0}; ///< operations on global memory
  std::atomic<bool> failed{false};

  /// The number of the thread block that is started as the n-th one.
  uint64_t blockAt(uint64_t n) const {
    return (first + n % blocks * step) % blocks;
  }
  /// Records the text of a fault, unless there is one already, and ends the
  /// launch.
  void fail(std::string text);
  /// The text of the first fault, or "".
  std::string fault();

private:
  uint64_t first = 0, step = 1;
  std::mutex mutex;
  std::string text;
};

/// A position as text, for example "(1, 2, 3)". `number` is its index in a grid
/// of `sizes`, in which x changes first.
std::string shownPosition(uint64_t number, const uint32_t (&sizes)[3]);

/// The most threads of a thread block.
constexpr uint32_t mostThreads = 1024;

/// Fails if the hardware does not accept a launch of this shape.
void checkShape(const moelora_launch &shape, const Options &options);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_LAUNCH_H
