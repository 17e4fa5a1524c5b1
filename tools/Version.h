// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The output of --version: the version of moelora, and for tools that contain
// the compiler also that of LLVM.
#ifndef MOELORA_TOOLS_VERSION_H
#define MOELORA_TOOLS_VERSION_H

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"

constexpr const char builtWith[] = "LLVM " LLVM_VERSION_STRING;

/// For tools that use LLVM's command line.
inline void printVersion(llvm::raw_ostream &out) {
  out << "moelora " MOELORA_VERSION "\n" << builtWith << "\n";
}

#endif // MOELORA_TOOLS_VERSION_H
