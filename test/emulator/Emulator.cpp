// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes the kernels of tests and their launches to the emulator.

#include "Emulator.h"

using namespace moelora::test;

namespace {

struct Sites {
  std::string names[testSites], places[testSites];
  moelora_emulated_site sites[testSites];

  Sites() {
    for (uint32_t i = 0; i < testSites; ++i) {
      names[i] = "op" + std::to_string(i);
      places[i] = "k.mlir:" + std::to_string(i);
      sites[i] = {names[i].c_str(), places[i].c_str()};
    }
  }
};

} // namespace

moelora_emulated_kernel Emulator::kernelOf(moelora_emulated_function run,
                                           size_t parameterBytes) {
  static const Sites all;
  return {"k", run, static_cast<uint32_t>(parameterBytes), testSites,
          all.sites};
}

moelora_launch Emulator::launchOf(Shape shape, const void *parameters,
                                  size_t bytes) {
  moelora_launch launch = {};
  std::fill_n(launch.grid, 3, 1);
  std::fill_n(launch.block, 3, 1);
  launch.grid[0] = shape.grid;
  launch.block[0] = shape.block;
  launch.shared_bytes = shape.shared;
  launch.parameter_bytes = static_cast<uint32_t>(bytes);
  launch.parameters = parameters;
  return launch;
}
