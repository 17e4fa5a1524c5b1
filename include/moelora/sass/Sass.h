// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the machine code of NVIDIA GPUs as nvdisasm prints it, and counts the
// instructions of a kernel's main loop by kind. `lib/sass/README.md` states
// which part of a kernel is its main loop.
#ifndef MOELORA_SASS_SASS_H
#define MOELORA_SASS_SASS_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moelora::sass {

enum class Kind {
  Tensor,     ///< HMMA, HGMMA, IMMA
  LoadMatrix, ///< LDSM
  Copy,       ///< from global to shared memory: LDGSTS, UTMALDG, UBLKCP
  GlobalLoad,
  GlobalStore, ///< also atomic operations
  Shared,      ///< other loads and stores of shared memory
  Local,       ///< of the stack: registers that are spilled
  Barrier,     ///< barriers, fences, and waits for copies
  Integer,     ///< addresses, predicates, and other integer arithmetic
  Move,        ///< copies of registers and constants
  Float,
  Branch,
  Nop,
  Other
};
constexpr size_t kinds = size_t(Kind::Other) + 1;

/// The name of a kind in tables, such as "LDSM".
const char *nameOf(Kind kind);

/// The instructions of a part of a kernel, each counted once.
struct Mix {
  std::array<int64_t, kinds> counts = {};
  /// Products of a warp, in units of m16n8k16.
  double mmas = 0;
  /// Cycles in which the instructions of a warp occupy shared memory, at 128
  /// bytes a cycle and without bank conflicts. Operands that HGMMA itself reads
  /// from shared memory are not counted.
  int64_t sharedCycles = 0;

  int64_t operator[](Kind kind) const { return counts[size_t(kind)]; }
  int64_t all() const;
  /// The part of all instructions that are products.
  double tensorShare() const;
  /// Instructions of a kind for each product; 0 without products.
  double perMma(Kind kind) const;
  void operator+=(const Mix &other);
};

struct Kernel {
  std::string name;
  int64_t threads = 0;     ///< of a thread block, at most
  int64_t registers = 0;   ///< of a thread
  int64_t stackBytes = 0;  ///< of a thread
  int64_t sharedBytes = 0; ///< static ones, with those that the system reserves
  Mix whole;
  std::optional<Mix> mainLoop; ///< nothing if there are no tensor instructions
  /// The main loop has been unrolled to its end, so that it is no loop.
  bool unrolled = false;
};

/// The kind of an instruction, and what it adds to a mix. `operands` follow the
/// opcode, which has no predicate.
Mix mixOf(std::string_view opcode, std::string_view operands);

/// The kernels of a cubin, in the order in which `nvdisasm` prints them. With
/// its option -c, only `registers` is known of the properties of a kernel, and
/// only if its architecture is older than sm_90. Other lines are ignored.
std::vector<Kernel> parse(std::string_view text);

} // namespace moelora::sass

#endif // MOELORA_SASS_SASS_H
