// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect's version in bytecode files.

#ifndef MOELORA_DIALECT_BYTECODE_H
#define MOELORA_DIALECT_BYTECODE_H

namespace moelora {

class MoELoRADialect;

/// A file contains the version of the dialect that wrote it. A newer version
/// than this one is refused.
void addBytecodeInterface(MoELoRADialect &dialect);

} // namespace moelora

#endif // MOELORA_DIALECT_BYTECODE_H
