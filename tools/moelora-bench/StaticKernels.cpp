// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "StaticKernels.h"

#include "Programs.h"
#include "Schedules.h"
#include "moelora/cost/Occupancy.h"
#include "moelora/host/Buffer.h"
#include "moelora/host/CompiledLayer.h"

#include <cstring>
#include <filesystem>
#include <fstream>

using namespace moelora::host;
using moelora::sass::Kind;

namespace moelora::bench {
namespace {

cost::Gpu gpuOf(int64_t architecture) {
  if (auto gpu = cost::defaultGpu(architecture))
    return *gpu;
  throw Error("expects an architecture that lib/cost describes, but it is sm_" +
              std::to_string(architecture));
}

std::optional<double> sharedToTensor(const sass::Kernel &kernel,
                                     const cost::Gpu &gpu) {
  constexpr double subCores = 4;
  if (!kernel.mainLoop || !(*kernel.mainLoop)[Kind::LoadMatrix])
    return std::nullopt;
  const sass::Mix &mix = *kernel.mainLoop;
  return subCores * double(mix.sharedCycles) / (mix.mmas * gpu.mmaCycles);
}

/// The tile of a kernel such as gate_up_64, if it is known.
const cost::Tile *tileOf(const LayerTiles &tiles, const std::string &name) {
  std::string stage = stageOf(name);
  const Tiles *own = stage == "gate_up" ? &tiles.gateUp
                     : stage == "down"  ? &tiles.down
                                        : nullptr;
  if (!own)
    return nullptr;
  auto found = own->find(tokensOf(name));
  return found == own->end() ? nullptr : &found->second;
}

/// An m16n8k16 multiplies 512 bytes of weights with 8 tokens.
std::optional<double> perWeights(const sass::Kernel &kernel,
                                 const cost::Tile *tile) {
  if (!tile || !kernel.mainLoop || kernel.mainLoop->mmas == 0)
    return std::nullopt;
  double parts = double(tile->tokens) / double(tile->warpsTokens) / 8;
  return double(kernel.mainLoop->all()) / kernel.mainLoop->mmas * parts;
}

void addKernel(StaticLayer &layer, sass::Kernel code, int64_t dynamicShared) {
  StaticKernel kernel;
  kernel.dynamicShared = dynamicShared;
  // From sm_90 on, the static bytes contain those that the system reserves.
  int64_t reserved =
      layer.gpu.architecture >= 90 ? cost::Gpu::reservedShared : 0;
  code.sharedBytes = std::max<int64_t>(code.sharedBytes - reserved, 0);
  kernel.residentBlocks =
      residentBlocks(layer.gpu, {code.threads, code.registers,
                                 code.sharedBytes + dynamicShared});
  kernel.sharedToTensor = sharedToTensor(code, layer.gpu);
  kernel.perWeights = perWeights(code, tileOf(layer.tiles, code.name));
  kernel.code = std::move(code);
  layer.kernels.push_back(std::move(kernel));
}

std::vector<sass::Kernel> disassemble(const std::string &cubin,
                                      std::string &text) {
  text = outputOf({findDisassembler(), cubin});
  return sass::parse(text);
}

/// The most dynamic shared memory of each kernel, which the artifact states.
std::map<std::string, int64_t> sharedBytesOf(const std::string &artifact,
                                             const std::string &config,
                                             const moelora_services &services) {
  std::map<std::string, int64_t> bytes;
  CompiledLayer layer(artifact, config, {nullptr, services});
  for (uint32_t index = 0; index < layer.variant.kernels; ++index) {
    const moelora_kernel_info &kernel = layer.variant.kernel[index];
    bytes[kernel.name] = kernel.shared_bytes;
  }
  return bytes;
}

/// 80 of `.target sm_80`, or of `EF_CUDA_SM80`, which older files have.
int64_t architectureOf(const std::string &sass, const std::string &path) {
  for (const char *prefix : {".target\tsm_", ".target sm_", "EF_CUDA_SM"})
    if (size_t at = sass.find(prefix); at != std::string::npos)
      return std::atoll(sass.c_str() + at + std::strlen(prefix));
  throw Error("expects a cubin of an architecture, but " + path +
              " states none");
}

} // namespace

StaticLayer inspectLayer(const std::string &folder, const std::string &config,
                         int32_t architecture) {
  TemporaryFolder made(TemporaryFolder::prefixIn("", "moelora-bench"));
  std::string target = "--target=sm_" + std::to_string(architecture);
  std::string compiler = folder + "/moelora-compile";
  std::string artifact = made.path() + "/layer.so";
  std::string ptx = made.path() + "/layer.ptx";
  std::string cubin = made.path() + "/layer.cubin", text;
  auto compile = [&](const std::string &emit, const std::string &output) {
    double before = childSeconds();
    outputOf({compiler, config, target, "--emit=" + emit, "-o", output});
    return childSeconds() - before;
  };
  compile("so", artifact);
  double ptxSeconds = compile("ptx", ptx);
  double cubinSeconds = compile("cubin", cubin);
  Pool pool(1);
  auto shared = sharedBytesOf(artifact, config, pool.services);
  StaticLayer layer = {
      config, gpuOf(architecture), readTiles(folder, config, architecture),
      {},     ptxSeconds,          cubinSeconds};
  for (sass::Kernel &kernel : disassemble(cubin, text))
    addKernel(layer, kernel, shared[kernel.name]);
  return layer;
}

StaticLayer inspectCubin(const std::string &path) {
  std::string text;
  auto kernels = disassemble(path, text);
  int64_t shared = 0;
  std::ifstream beside(std::filesystem::path(path).replace_extension(".json"));
  if (beside)
    shared = Json::parse(beside, nullptr, false).value("shared", 0);
  StaticLayer layer = {path, gpuOf(architectureOf(text, path)), {}, {}, 0, 0};
  for (sass::Kernel &kernel : kernels)
    addKernel(layer, kernel, shared);
  return layer;
}

} // namespace moelora::bench
