// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-bench: benchmarks, with one subcommand per tier.

#include "Cpu.h"
#include "Runtime.h"
#include "moelora/commandline/CommandLine.h"

#include <filesystem>

using namespace moelora::bench;

static int run(int count, char **arguments) {
  Options options = parseOptions(count, arguments);
  if (options.tier == Options::Cpu) {
    auto self = std::filesystem::read_symlink("/proc/self/exe");
    runCpu(options.cpu, self.parent_path());
  }
  if (options.tier == Options::Runtime)
    runRuntime(options.runtime);
  return 0;
}

int main(int count, char **arguments) {
  return moelora::commandline::runMain("moelora-bench",
                                       [&] { return run(count, arguments); });
}
