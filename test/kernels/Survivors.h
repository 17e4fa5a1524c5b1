// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of mutants that no test can or does find, each with a reason.
#ifndef MOELORA_TEST_KERNELS_SURVIVORS_H
#define MOELORA_TEST_KERNELS_SURVIVORS_H

#include <string>
#include <vector>

namespace moelora::kernels {

class Survivors {
public:
  /// A line is `pattern | reason`. In a pattern, `*` stands for any text, as in
  /// a shell. Throws a host::Error if the file cannot be read.
  explicit Survivors(const std::string &path);

  /// "" if the list says this of the mutant; else what is expected.
  std::string whyUnexpected(const std::string &name, bool survived) const;

private:
  std::vector<std::string> patterns;
};

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_SURVIVORS_H
