/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `--name=value` and `--name`, for the programs of this folder.
 */
#ifndef MOELORA_TEST_SLOTS_COMMANDLINE_H
#define MOELORA_TEST_SLOTS_COMMANDLINE_H

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>

namespace moelora::test {

struct CommandLine {
  std::map<std::string, std::variant<int32_t *, int64_t *, std::string *>>
      values;
  std::map<std::string, std::function<void()>> flags;

  /// Prints unknown options, and returns false.
  bool read(int argc, char **argv) const;
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_COMMANDLINE_H
