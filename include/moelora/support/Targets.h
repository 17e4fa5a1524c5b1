// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What code can be for, and the GPU architectures for which layers are
// compiled:
//
//     cpu                 the host
//     sm_90, sm_90a       GPUs
//     emulated-sm_90, ..  the emulator of one, as kernels of the host
#ifndef MOELORA_SUPPORT_TARGETS_H
#define MOELORA_SUPPORT_TARGETS_H

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace moelora {

struct GpuArchitecture {
  uint32_t number;      ///< 90 for sm_90
  uint32_t sharedBytes; ///< the most shared memory of a thread block
};

/// The architectures that layers are compiled for, in ascending order. Shared
/// memory is that of "Technical Specifications per Compute Capability" in the
/// CUDA C++ Programming Guide.
inline constexpr GpuArchitecture gpuArchitectures[] = {{80, 163 << 10},
                                                       {86, 99 << 10},
                                                       {89, 99 << 10},
                                                       {90, 227 << 10},
                                                       {120, 99 << 10}};

/// Null for one that layers are not compiled for.
inline const GpuArchitecture *findArchitecture(int64_t number) {
  auto found = std::find_if(
      std::begin(gpuArchitectures), std::end(gpuArchitectures),
      [&](const GpuArchitecture &known) { return known.number == number; });
  return found == std::end(gpuArchitectures) ? nullptr : found;
}

/// "80, 86, 89, 90 or 120", each with a prefix, for messages.
inline std::string listArchitectures(std::string_view prefix,
                                     std::string_view beforeLast = " or ") {
  std::string list;
  size_t rest = std::size(gpuArchitectures);
  for (const GpuArchitecture &known : gpuArchitectures) {
    list += std::string(prefix) + std::to_string(known.number);
    if (--rest)
      list += rest > 1 ? std::string_view(", ") : beforeLast;
  }
  return list;
}

enum class CodeKind { Host, Gpu, Emulated };

struct CodeTarget {
  CodeKind kind = CodeKind::Host;
  uint32_t architecture = 0; ///< of a GPU: 90 for sm_90
  bool exact = false;        ///< sm_90a, which later architectures do not run
};

/// The target with this name, which may be of any architecture. Nothing if it
/// is no name of a target.
inline std::optional<CodeTarget> parseCodeTarget(std::string_view name) {
  auto consume = [&](std::string_view prefix) {
    bool has = name.substr(0, prefix.size()) == prefix;
    name.remove_prefix(has ? prefix.size() : 0);
    return has;
  };
  CodeTarget target;
  if (name == "cpu")
    return target;
  target.kind = consume("emulated-") ? CodeKind::Emulated : CodeKind::Gpu;
  if (!consume("sm_") || name.substr(0, 1) == "0")
    return std::nullopt;
  const char *end = name.data() + name.size();
  auto [rest, error] =
      std::from_chars(name.data(), end, target.architecture, 10);
  target.exact = rest + 1 == end && *rest >= 'a' && *rest <= 'z';
  if (error != std::errc() || (rest != end && !target.exact))
    return std::nullopt;
  return target;
}

/// The architecture of the GPU, or of the emulated one, for which layers are
/// compiled under this name. Null for every other name.
inline const GpuArchitecture *findGpu(std::string_view name) {
  std::optional<CodeTarget> target = parseCodeTarget(name);
  bool isGpu = target && target->kind != CodeKind::Host && !target->exact;
  return isGpu ? findArchitecture(target->architecture) : nullptr;
}

} // namespace moelora

#endif // MOELORA_SUPPORT_TARGETS_H
