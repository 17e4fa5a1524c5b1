/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "run/Variants.h"

#include "device/Handles.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/support/Targets.h"
#include "run/CpuFeatures.h"

#include <algorithm>
#include <string_view>
#include <utility>

using namespace moelora;

namespace {

/// The code that a device runs: of its kind, for its architecture or an earlier
/// one.
CodeTarget targetOf(const moelora_device &device) {
  auto architecture = [&] {
    return static_cast<uint32_t>(valueOf(device, MOELORA_DEVICE_ARCHITECTURE));
  };
  switch (valueOf(device, MOELORA_DEVICE_KIND)) {
  case MOELORA_DEVICE_KIND_CUDA:
    return {CodeKind::Gpu, architecture()};
  case MOELORA_DEVICE_KIND_EMULATOR:
    return {CodeKind::Emulated, architecture()};
  default:
    return {CodeKind::Host};
  }
}

std::string shown(const CodeTarget &target) {
  if (target.kind == CodeKind::Host)
    return "cpu";
  return (target.kind == CodeKind::Emulated ? "emulated-sm_" : "sm_") +
         std::to_string(target.architecture) + " or earlier";
}

std::string misfitOf(CodeKind kind) {
  switch (kind) {
  case CodeKind::Host:
    return "is for a host";
  case CodeKind::Gpu:
    return "is for a GPU";
  case CodeKind::Emulated:
    return "is for the emulator";
  }
  return "";
}

/// Why the kernels of a variant do not fit the device; "" if they do. An
/// earlier architecture can have more shared memory: sm_80 has, than sm_86.
std::string kernelMisfit(const moelora_variant &variant,
                         const moelora_device &device) {
  int64_t most = 0;
  for (uint32_t i = 0; i < variant.kernels; ++i)
    most = std::max<int64_t>(most, variant.kernel[i].shared_bytes);
  if (most == 0)
    return "";
  int64_t limit = valueOf(device, MOELORA_DEVICE_SHARED_BYTES);
  return most <= limit ? ""
                       : "needs " + std::to_string(most) +
                             " bytes of shared memory for a thread block, of "
                             "which this device has " +
                             std::to_string(limit);
}

/// Why a device that runs `wanted` cannot run the variant. "" means that it
/// can. Each variant has code on the host; that for a GPU only launches
/// kernels.
std::string misfit(const moelora_variant &variant, const CodeTarget &wanted,
                   const moelora_device &device) {
  std::optional<CodeTarget> target = parseCodeTarget(variant.target);
  if (!target)
    return "is no target that this version knows";
  if (target->kind != wanted.kind)
    return misfitOf(target->kind);
  if (target->exact ? wanted.architecture != target->architecture
                    : wanted.architecture < target->architecture)
    return target->exact ? "is for its own architecture only"
                         : "is for a later architecture";
  std::string missing = firstMissingFeature(variant.needs);
  return missing.empty()
             ? kernelMisfit(variant, device)
             : "needs " + missing +
                   ", which this CPU does not have (compile with --cpu=...)";
}

/// Whether a variant is for a later architecture than another, or for that one
/// alone. Both are for the same device.
bool isNewer(const moelora_variant &variant, const moelora_variant &than) {
  auto rank = [](const moelora_variant &variant) {
    CodeTarget target = *parseCodeTarget(variant.target);
    return std::pair(target.architecture, target.exact);
  };
  return rank(variant) > rank(than);
}

} // namespace

const moelora_variant &moelora::variantAt(const moelora_artifact &artifact,
                                          uint32_t index) {
  const auto *first = reinterpret_cast<const char *>(artifact.variant);
  return *reinterpret_cast<const moelora_variant *>(
      first + size_t(index) * artifact.variant->size);
}

int64_t moelora::valueOf(const moelora_device &device, int32_t key) {
  int64_t value = 0;
  call(device, &moelora_device::query, key, &value);
  return value;
}

bool moelora::isForHost(const moelora_variant &variant) {
  std::optional<CodeTarget> target = parseCodeTarget(variant.target);
  return target && target->kind == CodeKind::Host;
}

bool moelora::isCubinOfPtx(const moelora_variant &variant, uint32_t binary) {
  return binary > 0 && binary < variant.binaries &&
         variant.binary[binary].kind == MOELORA_BINARY_CUBIN &&
         variant.binary[binary - 1].kind == MOELORA_BINARY_PTX;
}

bool moelora::isExactly(const moelora_variant &variant,
                        const moelora_device &device) {
  std::optional<CodeTarget> target = parseCodeTarget(variant.target);
  return target && target->kind == targetOf(device).kind &&
         target->architecture == targetOf(device).architecture;
}

const moelora_variant &moelora::chooseVariant(const moelora_artifact &artifact,
                                              const char *target,
                                              const moelora_device &device) {
  CodeTarget wanted = targetOf(device);
  const moelora_variant *best = nullptr;
  std::string reasons, targets;
  for (uint32_t i = 0; i < artifact.variants; ++i) {
    const moelora_variant &variant = variantAt(artifact, i);
    targets += (i ? ", " : "") + std::string(variant.target);
    if (target && std::string_view(variant.target) != target)
      continue;
    std::string against = misfit(variant, wanted, device);
    if (against.empty()) {
      if (!best || isNewer(variant, *best))
        best = &variant;
      continue;
    }
    reasons += (reasons.empty() ? "" : ", ") + std::string(variant.target) +
               " " + against;
  }
  if (best)
    return *best;
  if (reasons.empty())
    reasons = "it has " + targets + " and not " + target;
  fail(std::string("expects the compiled layer ") + artifact.name +
           " to have a variant of target " + shown(wanted) + " for " +
           device.name + ", but " + reasons,
       MOELORA_UNSUPPORTED);
}

const moelora_variant *
moelora_artifact_variant(const moelora_artifact *artifact, const char *target) {
  for (uint32_t i = 0; artifact && i < artifact->variants; ++i) {
    const moelora_variant &variant = variantAt(*artifact, i);
    if (!target || std::string_view(variant.target) == target)
      return &variant;
  }
  return nullptr;
}

int32_t moelora_variant_grid(const moelora_variant *variant,
                             int32_t grid[MOELORA_AXES], uint32_t *token_axes) {
  if (!variant)
    return 0;
  bool stated = variant->size > leastVariant;
  int32_t ranks = 1;
  for (int axis = 0; axis < MOELORA_AXES; ++axis) {
    grid[axis] = stated ? std::max(variant->grid[axis], 1) : 1;
    ranks *= grid[axis];
  }
  if (token_axes)
    *token_axes = stated ? variant->token_axes : 0;
  return ranks;
}
