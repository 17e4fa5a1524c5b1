// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tiers for GPUs that need none.

#include "Gpu.h"

#include "EmulatedLaunches.h"
#include "StaticKernels.h"
#include "moelora/host/Buffer.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

using moelora::host::Json;

namespace moelora::bench {

std::vector<Cell> cellsOf(const GpuOptions &options) {
  std::vector<Cell> cells;
  for (int64_t tokens : options.tokens)
    for (const AdapterCount &count : options.adapters)
      cells.push_back({tokens, count.adapters,
                       count.rank ? count.rank : options.rank, options.mixed});
  return cells;
}

namespace {

/// Prints layers, and collects them for machines.
class Layers {
public:
  void add(const StaticLayer &layer) {
    printKernels(layer);
    std::fflush(stdout);
    documents.push_back(documentOf(layer));
  }

  Json documents = Json::array();
};

Json emulateShapes(const GpuOptions &options, const std::string &folder) {
  Json batches = Json::array();
  for (const Shape &shape : options.shapes)
    for (const EmulatedBatch &batch : emulate(
             shape, options.architectures.front(), cellsOf(options), folder)) {
      printLaunches(batch);
      batches.push_back(documentOf(batch));
    }
  return batches;
}

void inspectShapes(const GpuOptions &options, const std::string &folder,
                   Layers &layers) {
  host::TemporaryFolder made(
      host::TemporaryFolder::prefixIn("", "moelora-bench"));
  for (const Shape &shape : options.shapes) {
    std::string config = made.path() + "/" + fileOf(shape) + ".json";
    host::writeJson(config, configOf(shape, 1));
    for (int32_t architecture : options.architectures)
      layers.add(inspectLayer(folder, config, architecture));
  }
}

/// The worst of what the kernels of a layer occupy.
struct Most {
  explicit Most(const StaticLayer &layer) {
    for (const StaticKernel &kernel : layer.kernels) {
      registers = std::max(registers, kernel.code.registers);
      shared = std::max(shared, kernel.code.sharedBytes + kernel.dynamicShared);
      stack = std::max(stack, kernel.code.stackBytes);
    }
  }

  int64_t registers = 0, shared = 0, stack = 0;
};

void printCompiled(const StaticLayer &layer) {
  Most most(layer);
  std::printf("| %s | %lld | %zu | %.2f | %.3f | %.2f | %lld | %.0f | %lld |\n",
              std::filesystem::path(layer.config).stem().c_str(),
              static_cast<long long>(layer.gpu.architecture),
              layer.kernels.size(), layer.ptxSeconds,
              layer.ptxSeconds / double(layer.kernels.size()),
              layer.cubinSeconds, static_cast<long long>(most.registers),
              double(most.shared) / 1024, static_cast<long long>(most.stack));
  std::fflush(stdout);
}

} // namespace

void runGpuStatic(const GpuOptions &options, const std::string &folder) {
  std::printf(
      "* unrolled to its end: not a loop. sh/mma: cycles of shared "
      "memory / cycles of tensor cores.\n/512 B: instructions of a warp "
      "for 512 bytes of weights.\n");
  Layers layers;
  for (const std::string &cubin : options.cubins)
    layers.add(inspectCubin(cubin));
  for (const std::string &config : options.configs)
    for (int32_t architecture : options.architectures)
      layers.add(inspectLayer(folder, config, architecture));
  Json batches = Json::array();
  if (options.cubins.empty() && options.configs.empty()) {
    if (!options.launchesAlone)
      inspectShapes(options, folder, layers);
    batches = emulateShapes(options, folder);
  }
  if (!options.json.empty())
    host::writeJson(options.json, {{"layers", std::move(layers.documents)},
                                   {"batches", std::move(batches)}});
}

/// The seconds are those of the fastest run.
static StaticLayer compileOften(const CompileOptions &options,
                                const std::string &folder,
                                const std::string &config,
                                int32_t architecture) {
  StaticLayer layer = inspectLayer(folder, config, architecture);
  for (int64_t run = 1; run < options.runs; ++run) {
    StaticLayer again = inspectLayer(folder, config, architecture);
    layer.ptxSeconds = std::min(layer.ptxSeconds, again.ptxSeconds);
    layer.cubinSeconds = std::min(layer.cubinSeconds, again.cubinSeconds);
  }
  return layer;
}

void runCompile(const CompileOptions &options, const std::string &folder) {
  std::printf("| layer | sm | kernels | PTX s | PTX s/kernel | cubin s | "
              "registers | KiB shared | stack |\n"
              "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  Json layers = Json::array();
  for (const std::string &config : options.configs)
    for (int32_t architecture : options.architectures) {
      StaticLayer layer = compileOften(options, folder, config, architecture);
      printCompiled(layer);
      layers.push_back(documentOf(layer));
    }
  if (!options.json.empty())
    host::writeJson(options.json, {{"layers", std::move(layers)}});
}

} // namespace moelora::bench
