// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of mutants that survive, each with a reason.
#ifndef MOELORA_TEST_KERNELS_SURVIVORS_H
#define MOELORA_TEST_KERNELS_SURVIVORS_H

#include <optional>
#include <string>
#include <vector>

namespace moelora::kernels {

/// Why a mutant survives.
enum class Reason {
  /// It computes the same as the kernel, whatever its input is, so it is no
  /// mistake.
  Same,
  /// It is a mistake, and no run shows it.
  Unseen,
};

class Survivors {
public:
  /// A line is `same | pattern | reason` or `unseen | pattern | reason`. In a
  /// pattern, `*` stands for any text, as in a shell. Throws a host::Error if
  /// the file cannot be read.
  explicit Survivors(const std::string &path);

  /// What the list says of a mutant, if it has it.
  std::optional<Reason> reasonOf(const std::string &name) const;

private:
  struct Line {
    Reason reason;
    std::string pattern;
  };
  std::vector<Line> lines;
};

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_SURVIVORS_H
