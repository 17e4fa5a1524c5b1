// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes complete files, or none.
#ifndef MOELORA_TOOLS_COMPILE_OUTPUT_H
#define MOELORA_TOOLS_COMPILE_OUTPUT_H

#include "llvm/ADT/StringRef.h"

/// Writes a temporary file in the same folder and renames it, so that an old
/// file stays until the new one is complete. A file that is not regular, and
/// "-", is written directly. Returns false after an error on stderr.
bool writeOutput(llvm::StringRef path, llvm::StringRef content);

#endif // MOELORA_TOOLS_COMPILE_OUTPUT_H
