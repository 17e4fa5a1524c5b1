// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of compiled kernels, as a table and as JSON.

#include "StaticKernels.h"

#include <cstdio>
#include <filesystem>

using moelora::host::Json;
using moelora::sass::Kind;
using moelora::sass::Mix;

namespace moelora::bench {
namespace {

constexpr double KiB = 1024;

/// The kinds with columns of their own.
constexpr Kind shown[] = {Kind::Tensor,  Kind::LoadMatrix, Kind::Copy,
                          Kind::Barrier, Kind::Integer,    Kind::Move};

int64_t others(const Mix &mix) {
  int64_t count = mix.all();
  for (Kind kind : shown)
    count -= mix[kind];
  return count;
}

std::string number(std::optional<double> value) {
  return value ? host::formatted("%.2f", *value) : "-";
}

void printHeader(const StaticLayer &layer) {
  std::printf("\n%s for sm_%lld (%s)\n",
              std::filesystem::path(layer.config).filename().c_str(),
              static_cast<long long>(layer.gpu.architecture), layer.gpu.name);
  std::printf("%-34s %4s %4s %6s %6s | %6s %5s %5s %5s %5s %5s %5s %5s | %5s "
              "%5s %5s %6s %6s\n",
              "kernel", "thr", "regs", "KiB", "blocks", "loop", "mma", "ldsm",
              "copy", "bar", "int", "move", "other", "share", "ld/m", "bar/m",
              "sh/mma", "/512 B");
}

void printMix(const StaticKernel &kernel, const Mix &mix) {
  std::printf(" | %5lld%c", static_cast<long long>(mix.all()),
              kernel.code.unrolled ? '*' : ' ');
  for (Kind kind : shown)
    std::printf(" %5lld", static_cast<long long>(mix[kind]));
  std::printf(" %5lld | %5.3f %5.2f %5.2f %6s %6s",
              static_cast<long long>(others(mix)), mix.tensorShare(),
              mix.perMma(Kind::LoadMatrix), mix.perMma(Kind::Barrier),
              number(kernel.sharedToTensor).c_str(),
              number(kernel.perWeights).c_str());
}

Json documentOf(const Mix &mix) {
  Json counts = Json::object();
  for (size_t kind = 0; kind < sass::kinds; ++kind)
    counts[sass::nameOf(Kind(kind))] = mix.counts[kind];
  return {{"instructions", mix.all()},
          {"kinds", std::move(counts)},
          {"mmas", mix.mmas},
          {"shared_cycles", mix.sharedCycles},
          {"tensor_share", mix.tensorShare()}};
}

Json optional(std::optional<double> value) {
  return value ? Json(*value) : Json();
}

} // namespace

void printKernels(const StaticLayer &layer) {
  printHeader(layer);
  for (const StaticKernel &kernel : layer.kernels) {
    const sass::Kernel &code = kernel.code;
    std::printf("%-34s %4lld %4lld %6.1f %6lld", code.name.c_str(),
                static_cast<long long>(code.threads),
                static_cast<long long>(code.registers),
                double(code.sharedBytes + kernel.dynamicShared) / KiB,
                static_cast<long long>(kernel.residentBlocks));
    if (code.mainLoop)
      printMix(kernel, *code.mainLoop);
    std::printf("%s\n", code.stackBytes ? "  uses the stack" : "");
  }
}

Json documentOf(const StaticLayer &layer) {
  Json kernels = Json::array();
  for (const StaticKernel &kernel : layer.kernels) {
    const sass::Kernel &code = kernel.code;
    kernels.push_back(
        {{"name", code.name},
         {"threads", code.threads},
         {"registers", code.registers},
         {"stack_bytes", code.stackBytes},
         {"static_shared_bytes", code.sharedBytes},
         {"dynamic_shared_bytes", kernel.dynamicShared},
         {"resident_blocks", kernel.residentBlocks},
         {"instructions", code.whole.all()},
         {"unrolled", code.unrolled},
         {"main_loop", code.mainLoop ? documentOf(*code.mainLoop) : Json()},
         {"shared_to_tensor", optional(kernel.sharedToTensor)},
         {"instructions_per_512_bytes", optional(kernel.perWeights)}});
  }
  return {{"layer", std::filesystem::path(layer.config).stem().string()},
          {"architecture", layer.gpu.architecture},
          {"ptx_seconds", layer.ptxSeconds},
          {"cubin_seconds", layer.cubinSeconds},
          {"kernels", std::move(kernels)}};
}

} // namespace moelora::bench
