/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 */
#ifndef MOELORA_RUNTIME_ELFEXTENTS_H
#define MOELORA_RUNTIME_ELFEXTENTS_H

#include "files/File.h"

namespace moelora {

/// Fails if a file is not a shared object of this machine, or if one of its
/// tables, segments or sections extends beyond `end`, which the system's loader
/// does not check.
void checkElfExtents(const File &file, uint64_t end);

} // namespace moelora

#endif // MOELORA_RUNTIME_ELFEXTENTS_H
