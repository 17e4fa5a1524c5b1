// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which CPU code is generated for. A tier is a set of instructions that the
// kernels are written for; the CPU's name only schedules.
#ifndef MOELORA_CODEGEN_TARGET_H
#define MOELORA_CODEGEN_TARGET_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace moelora {

enum class CpuTier { AVX2, AVX512F, AVX512BF16 };

struct CpuTarget {
  CpuTier tier;
  std::string cpu;

  /// Lanes of f32 in a register.
  int64_t lanes() const { return tier == CpuTier::AVX2 ? 8 : 16; }
  /// Rows of a register tile: 16 of 32 registers accumulate, or 8 of 16.
  int64_t groupRows() const { return tier == CpuTier::AVX2 ? 2 : 4; }
  /// What generated code may use beyond baseline x86-64: "avx2,fma".
  llvm::StringRef features() const;
};

/// "avx2", "avx512f" or "avx512bf16".
std::optional<CpuTier> parseCpuTier(llvm::StringRef name);

/// The best tier of a CPU by LLVM's name, or of this machine for "native".
/// When there is none, `why` tells what is missing.
std::optional<CpuTarget> resolveCpu(llvm::StringRef name, std::string &why);

} // namespace moelora

#endif // MOELORA_CODEGEN_TARGET_H
