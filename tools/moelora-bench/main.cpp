// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-bench: benchmarks, with one subcommand per tier.

#include "Cpu.h"
#include "Gpu.h"
#include "GpuMeasure.h"
#include "Runtime.h"
#include "moelora/commandline/CommandLine.h"

#include <filesystem>

using namespace moelora::bench;

static void runOnGpu(const GpuOptions &options, const std::string &folder) {
  if (options.isStatic)
    runGpuStatic(options, folder);
  else if (!options.prepare.empty())
    prepareGpu(options, folder);
  else if (options.replays)
    replayGpu(options, folder);
  else
    runGpu(options, folder);
}

static int run(int count, char **arguments) {
  Options options = parseOptions(count, arguments);
  // The folder of the tools.
  auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  switch (options.tier) {
  case Options::None:
    break;
  case Options::Cpu:
    runCpu(options.cpu, folder);
    break;
  case Options::Runtime:
    runRuntime(options.runtime);
    break;
  case Options::Gpu:
    runOnGpu(options.gpu, folder);
    break;
  case Options::Compile:
    runCompile(options.compile, folder);
    break;
  }
  return 0;
}

int main(int count, char **arguments) {
  return moelora::commandline::runMain("moelora-bench",
                                       [&] { return run(count, arguments); });
}
