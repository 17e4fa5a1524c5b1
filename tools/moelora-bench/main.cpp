// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-bench: benchmarks, one subcommand a tier.

#include "Cpu.h"
#include "moelora/runtime/Error.h"

#include <cstdio>
#include <cstring>
#include <filesystem>

int main(int argc, char **argv) {
  if (argc == 2 && !std::strcmp(argv[1], "--version")) {
    std::printf("moelora %s\n", moelora_version());
    return 0;
  }
  if (argc < 2 || std::strcmp(argv[1], "cpu")) {
    bool help = argc == 2 && !std::strcmp(argv[1], "--help");
    std::fprintf(help ? stdout : stderr,
                 "usage: moelora-bench cpu [options]; see moelora-bench cpu "
                 "--help\n");
    return help ? 0 : 2;
  }
  auto self = std::filesystem::read_symlink("/proc/self/exe");
  auto options = moelora::bench::parseOptions(argc - 2, argv + 2);
  return moelora::bench::runCpu(options, self.parent_path());
}
