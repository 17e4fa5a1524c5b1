// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The code of one kernel while its main loop is searched for.
#ifndef MOELORA_LIB_SASS_CODE_H
#define MOELORA_LIB_SASS_CODE_H

#include "moelora/sass/Sass.h"

#include <map>

namespace moelora::sass {

/// Instructions in their order. A place is the index of an instruction.
struct Code {
  struct Branch {
    size_t from;
    std::string target;
  };

  std::vector<Mix> instructions;
  std::map<std::string, size_t, std::less<>> labels; ///< their places
  std::vector<Branch> branches;
  std::vector<size_t> ends; ///< EXIT of all threads, and returns
};

/// Finds the main loop, and sets it in the kernel.
void findMainLoop(const Code &code, Kernel &kernel);

} // namespace moelora::sass

#endif // MOELORA_LIB_SASS_CODE_H
