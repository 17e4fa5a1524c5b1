/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The options of an emulated device.
 */
#ifndef MOELORA_EMULATOR_OPTIONS_H
#define MOELORA_EMULATOR_OPTIONS_H

#include <cstdint>
#include <string>
#include <string_view>

namespace moelora::emulator {

/// The order in which the threads that do not wait run.
enum class Order {
  RoundRobin,  ///< warp after warp, each until it waits for others
  Random,      ///< a random thread goes on
  Adversarial, ///< one warp runs as far ahead of the others as it can
};

struct Options {
  uint64_t seed = 0;
  Order order = Order::RoundRobin;
  bool checks = true;         ///< shadow memory: races, conflicts, traffic
  uint32_t workers = 0;       ///< 0: see workersOf
  uint32_t architecture = 90; ///< 90 for sm_90
  uint32_t multiprocessors = 4;
  uint8_t fill = 0xFF; ///< each byte of memory that was not written yet
  std::string report;  ///< the path of a file; "" for no report
};

/// Parses a list with commas, for example "seed=7,schedule=random". Fails if an
/// option is unknown, is given twice, or has an invalid value.
Options parseOptions(std::string_view list);

/// The most dynamic shared memory of a thread block, in bytes.
uint32_t sharedLimit(uint32_t architecture);

/// The number of workers of a launch: the option, or by default one for each
/// core in round robin, and one in the other orders, in which the same seed has
/// to repeat the same run.
uint32_t workersOf(const Options &options);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_OPTIONS_H
