/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An emulated GPU, as a test uses it: memory, and launches that run when they
 * are asked for. Any thread may call, and what several ask for runs side by
 * side; sectors that such launches touch are counted for the one that ends
 * first.
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
  /// Fails where the file of the report cannot be written.
  explicit Machine(const Options &options);
  ~Machine();

  const Options &options() const { return settings; }

  void *allocate(uint64_t bytes, Memory::Side side = Memory::Device) {
    return memory.allocate(bytes, side);
  }
  void release(void *pointer) { memory.release(pointer); }
  /// Fails where a range is of the device and not of one allocation.
  void checkCopy(const void *to, const void *from, uint64_t bytes) const;
  void checkStore(const uint64_t *to) const;
  /// The same, and copies.
  void copy(void *to, const void *from, uint64_t bytes);
  /// A word that no reader sees in parts.
  void store(uint64_t *to, uint64_t value);

  /// Fails where the hardware would refuse the launch.
  void checkLaunch(const moelora_emulated_kernel &kernel,
                   const moelora_launch &shape) const;
  /// The same, and runs it. What is found while it runs is in the report.
  Report launch(const moelora_emulated_kernel &kernel,
                const moelora_launch &shape);

  /// Bytes copied from the device to the host that nothing has written.
  uint64_t unwrittenCopied() const { return unwritten; }

private:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  Workers takeWorkers(uint64_t count);
  Counts run(Launch &launch);
  void write(const std::string &line);

  const Options settings;
  Memory memory;
  std::mutex mutex; ///< of what follows and is not atomic
  Workers idle;
  std::ofstream report;
  std::atomic<uint64_t> launches{0}, unwritten{0};
};

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MACHINE_H
