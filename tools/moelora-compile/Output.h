// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files appear whole or not at all.
#ifndef MOELORA_TOOLS_COMPILE_OUTPUT_H
#define MOELORA_TOOLS_COMPILE_OUTPUT_H

#include "llvm/ADT/StringRef.h"

/// Writes beside the file and renames, so that an old file stays until the new
/// one is complete. What is no regular file, and "-", is written to directly.
/// False: it could not be written, and stderr says why.
bool writeOutput(llvm::StringRef path, llvm::StringRef content);

#endif // MOELORA_TOOLS_COMPILE_OUTPUT_H
