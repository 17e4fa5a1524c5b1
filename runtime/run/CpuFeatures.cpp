// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPU features by the names in a target's feature string.

#include "run/CpuFeatures.h"

#include <sstream>
#include <vector>

using namespace moelora;

namespace {

struct Feature {
  const char *name;
  bool present;
};

#if defined(__x86_64__)

// The builtin accepts literals only. It also checks that the system saves the
// wide registers, which the CPU's flags do not state.
#define HAS(name, builtin) {name, __builtin_cpu_supports(builtin) != 0}

std::vector<Feature> detect() {
  __builtin_cpu_init();
  return {HAS("sse", "sse"),
          HAS("sse2", "sse2"),
          HAS("sse3", "sse3"),
          HAS("ssse3", "ssse3"),
          HAS("sse4.1", "sse4.1"),
          HAS("sse4.2", "sse4.2"),
          HAS("popcnt", "popcnt"),
          HAS("avx", "avx"),
          HAS("avx2", "avx2"),
          HAS("fma", "fma"),
          HAS("f16c", "f16c"),
          HAS("bmi", "bmi"),
          HAS("bmi2", "bmi2"),
          HAS("lzcnt", "lzcnt"),
          HAS("movbe", "movbe"),
          HAS("avx512f", "avx512f"),
          HAS("avx512bw", "avx512bw"),
          HAS("avx512cd", "avx512cd"),
          HAS("avx512dq", "avx512dq"),
          HAS("avx512vl", "avx512vl"),
          HAS("avx512vnni", "avx512vnni"),
          HAS("avx512vbmi", "avx512vbmi"),
          HAS("avx512vbmi2", "avx512vbmi2"),
          HAS("avx512ifma", "avx512ifma"),
          HAS("avx512bitalg", "avx512bitalg"),
          HAS("avx512vpopcntdq", "avx512vpopcntdq"),
          HAS("avx512bf16", "avx512bf16"),
          HAS("avx512fp16", "avx512fp16"),
          HAS("gfni", "gfni"),
          HAS("vaes", "vaes"),
          HAS("vpclmulqdq", "vpclmulqdq"),
          HAS("avxvnni", "avxvnni"),
          HAS("amx-tile", "amx-tile"),
          HAS("amx-bf16", "amx-bf16"),
          HAS("amx-int8", "amx-int8")};
}

#undef HAS

#else

std::vector<Feature> detect() { return {}; }

#endif

bool has(const std::string &name) {
  static const std::vector<Feature> features = detect();
  for (const Feature &feature : features)
    if (name == feature.name)
      return feature.present;
  return false;
}

} // namespace

std::string moelora::firstMissingFeature(const std::string &features) {
  std::istringstream list(features);
  for (std::string name; std::getline(list, name, ',');)
    if (!name.empty() && !has(name))
      return name;
  return "";
}
