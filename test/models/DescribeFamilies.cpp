// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints the tables of docs/models.md.

#include "moelora/models/Families.h"

#include <cstdio>
#include <cstring>

int main(int argc, char **argv) {
  bool refused = argc == 2 && std::strcmp(argv[1], "refused") == 0;
  std::fputs((refused ? moelora::models::describeRefused()
                      : moelora::models::describeFamilies())
                 .c_str(),
             stdout);
  return 0;
}
