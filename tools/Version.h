// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --version says: the same of every tool that holds the compiler.
#ifndef MOELORA_TOOLS_VERSION_H
#define MOELORA_TOOLS_VERSION_H

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"

inline void printVersion(llvm::raw_ostream &out) {
  out << "moelora " MOELORA_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
}

#endif // MOELORA_TOOLS_VERSION_H
