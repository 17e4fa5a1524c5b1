// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Converts CPU names to tiers.

#include "moelora/codegen/Target.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace llvm;

namespace moelora {

StringRef CpuTarget::features() const {
  switch (tier) {
  case CpuTier::AVX2:
    return "avx2,f16c,fma";
  case CpuTier::AVX512F:
    return "avx2,avx512bw,avx512dq,avx512f,avx512vl,f16c,fma";
  case CpuTier::AVX512BF16:
    return "avx2,avx512bf16,avx512bw,avx512dq,avx512f,avx512vl,f16c,fma";
  }
  llvm_unreachable("every tier has features");
}

std::optional<CpuTier> parseCpuTier(StringRef name) {
  return StringSwitch<std::optional<CpuTier>>(name)
      .Case("avx2", CpuTier::AVX2)
      .Case("avx512f", CpuTier::AVX512F)
      .Case("avx512bf16", CpuTier::AVX512BF16)
      .Default(std::nullopt);
}

static StringSet<> nativeFeatures() {
  StringSet<> features;
  for (const auto &feature : sys::getHostCPUFeatures())
    if (feature.second)
      features.insert(feature.first());
  return features;
}

static StringSet<> featuresOf(StringRef cpu) {
  SmallVector<StringRef> names;
  X86::getFeaturesForCPU(cpu, names);
  // The list omits features that another listed feature implies.
  StringMap<bool> all;
  for (StringRef name : names)
    X86::updateImpliedFeatures(name, true, all);
  StringSet<> features;
  for (StringRef name : names)
    features.insert(name);
  for (const auto &feature : all)
    if (feature.second)
      features.insert(feature.first());
  return features;
}

static std::optional<CpuTarget> resolveBest(StringRef name, std::string &why) {
  bool native = name == "native";
  StringRef cpu = native ? sys::getHostCPUName() : name;
  if (!native && X86::parseArchX86(cpu, true) == X86::CK_None) {
    why = ("expects an x86-64 CPU known to LLVM, or native, but the CPU is '" +
           cpu + "'")
              .str();
    return std::nullopt;
  }
  StringSet<> has = native ? nativeFeatures() : featuresOf(cpu);
  for (CpuTier tier : {CpuTier::AVX512BF16, CpuTier::AVX512F, CpuTier::AVX2}) {
    CpuTarget target{tier, cpu.str()};
    if (all_of(split(target.features(), ','),
               [&](StringRef feature) { return has.contains(feature); }))
      return target;
  }
  why = ("expects a CPU with avx2, f16c and fma, but '" + cpu + "' lacks them")
            .str();
  return std::nullopt;
}

std::optional<CpuTarget> resolveCpu(StringRef name, std::string &why,
                                    StringRef tier) {
  std::optional<CpuTarget> target = resolveBest(name, why);
  if (!target || tier.empty())
    return target;
  std::optional<CpuTier> wanted = parseCpuTier(tier);
  if (!wanted) {
    why = ("expects the tier to be avx512bf16, avx512f or avx2, but it is '" +
           tier + "'")
              .str();
    return std::nullopt;
  }
  target->tier = *wanted;
  return target;
}

} // namespace moelora
