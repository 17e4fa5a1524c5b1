/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What can be asked of an emulated device.
 */
#ifndef MOELORA_EMULATOR_OPTIONS_H
#define MOELORA_EMULATOR_OPTIONS_H

#include <cstdint>
#include <string>
#include <string_view>

namespace moelora::emulator {

/// In which order threads run that could all go on.
enum class Order {
  RoundRobin,  ///< a warp until it waits for others, then the next one
  Random,      ///< any
  Adversarial, ///< one warp as far ahead of the others as it can be
};

struct Options {
  uint64_t seed = 0;
  Order order = Order::RoundRobin;
  bool checks = true;         ///< shadow memory: races, conflicts, traffic
  uint32_t workers = 0;       ///< 0: what suits the order
  uint32_t architecture = 90; ///< 90 for sm_90
  uint32_t multiprocessors = 4;
  std::string report; ///< a file; "": none
};

/// Of a comma list, "seed=7,schedule=random". Fails where an option is not
/// known, is there twice, or has a value that it cannot have.
Options parseOptions(std::string_view list);

/// The most dynamic shared memory of a thread block, in bytes.
uint32_t sharedLimit(uint32_t architecture);

/// Workers that a launch has: all cores, or one where the same seed has to be
/// the same run.
uint32_t workersOf(const Options &options);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_OPTIONS_H
