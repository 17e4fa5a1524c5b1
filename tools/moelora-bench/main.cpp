// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-bench: benchmarks, one subcommand a tier.

#include "Cpu.h"
#include "Runtime.h"
#include "moelora/runtime/Error.h"

#include <cstdio>
#include <filesystem>

using namespace moelora::bench;

static int usage(FILE *to, int status) {
  std::fputs("usage: moelora-bench cpu|runtime [options]; each has --help\n",
             to);
  return status;
}

int main(int argc, char **argv) {
  std::string tier = argc > 1 ? argv[1] : "";
  if (tier == "cpu") {
    auto self = std::filesystem::read_symlink("/proc/self/exe");
    return runCpu(parseOptions(argc - 2, argv + 2), self.parent_path());
  }
  if (tier == "runtime")
    return runRuntime(parseRuntimeOptions(argc - 2, argv + 2));
  if (argc == 2 && tier == "--version") {
    std::printf("moelora %s\n", moelora_version());
    return 0;
  }
  bool help = argc == 2 && tier == "--help";
  return help ? usage(stdout, 0) : usage(stderr, 2);
}
