/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "run/Variants.h"

#include "device/Handles.h"
#include "run/CpuFeatures.h"

#include <charconv>
#include <string_view>

using namespace moelora;

namespace {

/// The text after a prefix, or nothing.
bool removePrefix(std::string_view &text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix)
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

enum class Code { Host, Gpu, Emulated, Unknown };

struct Target {
  Code code = Code::Unknown;
  uint32_t architecture = 0; ///< 90 for sm_90
  bool exact = false;        ///< sm_90a, which later architectures do not run
};

Target parseTarget(std::string_view text) {
  if (text == "cpu")
    return {Code::Host};
  Target target;
  target.code = removePrefix(text, "emulated-") ? Code::Emulated : Code::Gpu;
  if (!removePrefix(text, "sm_"))
    return {};
  const char *end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, target.architecture);
  target.exact = rest != end;
  return error == std::errc() ? target : Target();
}

/// The code that a device runs: of its kind, for its architecture or an earlier
/// one.
Target targetOf(const moelora_device &device) {
  auto architecture = [&] {
    return static_cast<uint32_t>(valueOf(device, MOELORA_DEVICE_ARCHITECTURE));
  };
  switch (valueOf(device, MOELORA_DEVICE_KIND)) {
  case MOELORA_DEVICE_KIND_CUDA:
    return {Code::Gpu, architecture()};
  case MOELORA_DEVICE_KIND_EMULATOR:
    return {Code::Emulated, architecture()};
  default:
    return {Code::Host};
  }
}

std::string shown(const Target &target) {
  if (target.code == Code::Host)
    return "cpu";
  return (target.code == Code::Emulated ? "emulated-sm_" : "sm_") +
         std::to_string(target.architecture) + " or earlier";
}

std::string codeMisfit(Code code) {
  switch (code) {
  case Code::Host:
    return "is for a host";
  case Code::Gpu:
    return "is for a GPU";
  case Code::Emulated:
    return "is for the emulator";
  case Code::Unknown:
    return "is no target that this version knows";
  }
  return "";
}

/// Why a device that runs `wanted` cannot run the variant. "" means that it
/// can. Each variant has code on the host; that for a GPU only launches
/// kernels.
std::string misfit(const moelora_variant &variant, const Target &wanted) {
  Target target = parseTarget(variant.target);
  if (target.code != wanted.code)
    return codeMisfit(target.code);
  if (target.exact ? wanted.architecture != target.architecture
                   : wanted.architecture < target.architecture)
    return target.exact ? "is for its own architecture only"
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
  return parseTarget(variant.target).code == Code::Host;
}

const moelora_variant &moelora::chooseVariant(const moelora_artifact &artifact,
                                              const char *target,
                                              const moelora_device &device) {
  Target wanted = targetOf(device);
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
