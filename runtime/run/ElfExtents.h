/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 */
#ifndef MOELORA_RUNTIME_ELFEXTENTS_H
#define MOELORA_RUNTIME_ELFEXTENTS_H

#include "files/File.h"

namespace moelora {

/// Fails where a file is no shared object of this machine, or where a table,
/// a segment or a section of it reaches beyond `end`: what the system's loader
/// maps without asking.
void checkElfExtents(const File &file, uint64_t end);

} // namespace moelora

#endif // MOELORA_RUNTIME_ELFEXTENTS_H
