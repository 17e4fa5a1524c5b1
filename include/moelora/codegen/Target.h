// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What code is generated for. The tier of a CPU is a set of instructions for
// which the kernels are written; the name of the CPU only tunes the schedule.
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
  /// The features that generated code may use in addition to baseline x86-64,
  /// such as "avx2,fma".
  llvm::StringRef features() const;
};

/// "avx2", "avx512f" or "avx512bf16".
std::optional<CpuTier> parseCpuTier(llvm::StringRef name);

/// The best tier of a CPU with LLVM's name for it, or of this machine for
/// "native"; or `tier`, if it is not empty. If there is none, `why` states what
/// is missing.
std::optional<CpuTarget> resolveCpu(llvm::StringRef name, std::string &why,
                                    llvm::StringRef tier = "");

} // namespace moelora

#endif // MOELORA_CODEGEN_TARGET_H
