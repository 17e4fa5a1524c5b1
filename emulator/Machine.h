/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An emulated GPU without streams: its memory, and launches that have run when
 * the call returns. Any thread may call, and calls of several threads run at
 * the same time. Sectors that such launches touch are counted for the launch
 * that ends first.
 */
#ifndef MOELORA_EMULATOR_MACHINE_H
#define MOELORA_EMULATOR_MACHINE_H

#include "Memory.h"
#include "Options.h"
#include "Report.h"
#include "Worker.h"

#include <fstream>

namespace moelora::emulator {

class Machine {
public:
  /// Fails if the file of the report cannot be opened.
  explicit Machine(const Options &options);
  ~Machine();

  const Options &options() const { return settings; }

  /// See Memory.
  void *allocate(uint64_t bytes, Memory::Side side = Memory::Device) {
    return memory.allocate(bytes, side);
  }
  void release(void *pointer) { memory.release(pointer); }
  /// Fail if a range reaches memory of the device and does not lie in one
  /// allocation.
  void checkCopy(const void *to, const void *from, uint64_t bytes) const;
  void checkStore(const uint64_t *to) const;
  /// Checks a copy and performs it.
  void copy(void *to, const void *from, uint64_t bytes);
  /// Checks a store of one word and performs it atomically.
  void store(uint64_t *to, uint64_t value);

  /// Fails if the hardware does not accept the shape, or the size of the
  /// parameters is not that of the kernel.
  void checkLaunch(const moelora_emulated_kernel &kernel,
                   const moelora_launch &shape) const;
  /// Checks a launch and runs it. A fault of the kernel is in the report.
  Report launch(const moelora_emulated_kernel &kernel,
                const moelora_launch &shape);

  /// The number of bytes that were copied from the device to the host without
  /// having been written before.
  uint64_t unwrittenCopied() const { return unwritten; }

private:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  Workers takeWorkers(uint64_t count);
  Counts run(Launch &launch);
  void write(const std::string &line);

  const Options settings;
  Memory memory;
  std::mutex mutex; ///< protects the members below that are not atomic
  Workers idle;
  std::ofstream report;
  std::atomic<uint64_t> launches{0}, unwritten{0};
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MACHINE_H
