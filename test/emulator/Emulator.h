// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches kernels of tests. Each test has its own device.
#ifndef MOELORA_TEST_EMULATOR_EMULATOR_H
#define MOELORA_TEST_EMULATOR_EMULATOR_H

#include "Gpu.h"
#include "Machine.h"

#include <vector>

namespace moelora::test {

/// The sites of every kernel of the tests. Site n is "op<n> at k.mlir:<n>".
constexpr uint32_t testSites = 32;
/// A device, which frees its memory at the end of the test.
class Emulator {
public:
  explicit Emulator(const char *options = "")
      : machine(emulator::parseOptions(options)) {}

  struct Shape {
    uint32_t grid = 1, block = 32, shared = 0;
  };

  /// Launches `body` with a copy of the parameters.
  template <typename P>
  emulator::Report launch(void (*body)(Gpu, const P &), Shape shape,
                          const P &parameters) {
    Bound<P> bound = {body, parameters};
    moelora_emulated_kernel kernel = kernelOf(runBound<P>, sizeof bound);
    return machine.launch(kernel, launchOf(shape, &bound, sizeof bound));
  }

  template <typename T> T *upload(const std::vector<T> &values) {
    T *memory = allocate<T>(values.size());
    machine.copy(memory, values.data(), values.size() * sizeof(T));
    return memory;
  }
  template <typename T> T *allocate(size_t count) {
    return static_cast<T *>(machine.allocate(count * sizeof(T)));
  }
  template <typename T> std::vector<T> download(const T *memory, size_t count) {
    std::vector<T> values(count);
    machine.copy(values.data(), memory, count * sizeof(T));
    return values;
  }

  static moelora_emulated_kernel kernelOf(moelora_emulated_function run,
                                          size_t parameterBytes);
  static moelora_launch launchOf(Shape shape, const void *parameters,
                                 size_t bytes);

  emulator::Machine machine;

private:
  template <typename P> struct Bound {
    void (*body)(Gpu, const P &);
    P parameters;
  };
  template <typename P>
  static void runBound(moelora_emulator_thread *thread,
                       const void *parameters) {
    auto &bound = *static_cast<const Bound<P> *>(parameters);
    bound.body(Gpu{thread}, bound.parameters);
  }
};

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_EMULATOR_H
