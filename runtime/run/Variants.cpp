/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "run/Variants.h"

#include "device/Handles.h"
#include "moelora/support/Targets.h"
#include "run/CpuFeatures.h"

#include <string_view>

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

/// Why a device that runs `wanted` cannot run the variant. "" means that it
/// can. Each variant has code on the host; that for a GPU only launches
/// kernels.
std::string misfit(const moelora_variant &variant, const CodeTarget &wanted) {
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
             ? ""
             : "needs " + missing +
                   ", which this CPU does not have (compile with --cpu=...)";
}

} // namespace

int64_t moelora::valueOf(const moelora_device &device, int32_t key) {
  int64_t value = 0;
  call(device, &moelora_device::query, key, &value);
  return value;
}

bool moelora::isForHost(const moelora_variant &variant) {
  std::optional<CodeTarget> target = parseCodeTarget(variant.target);
  return target && target->kind == CodeKind::Host;
}

const moelora_variant &moelora::chooseVariant(const moelora_artifact &artifact,
                                              const char *target,
                                              const moelora_device &device) {
  CodeTarget wanted = targetOf(device);
  std::string reasons, targets;
  for (uint32_t i = 0; i < artifact.variants; ++i) {
    const moelora_variant &variant = artifact.variant[i];
    targets += (i ? ", " : "") + std::string(variant.target);
    if (target && std::string_view(variant.target) != target)
      continue;
    std::string against = misfit(variant, wanted);
    if (against.empty())
      return variant;
    reasons += (reasons.empty() ? "" : ", ") + std::string(variant.target) +
               " " + against;
  }
  if (reasons.empty())
    reasons = "it has " + targets + " and not " + target;
  fail(std::string("expects the compiled layer ") + artifact.name +
           " to have a variant of target " + shown(wanted) + " for " +
           device.name + ", but " + reasons,
       MOELORA_UNSUPPORTED);
}
