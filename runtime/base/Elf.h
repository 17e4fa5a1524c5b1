/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Files in the ELF format, of hosts and of GPUs.
 */
#ifndef MOELORA_RUNTIME_BASE_ELF_H
#define MOELORA_RUNTIME_BASE_ELF_H

#include <elf.h>
#include <functional>
#include <string>

namespace moelora {

/// A file, or its bytes in memory.
struct ElfFile {
  std::string name; ///< for messages
  uint64_t end;     ///< of what is read
  std::function<void(uint64_t offset, uint64_t bytes, void *to)> read;
};

/// The first bytes, which may be no header of ELF; zeros if there are too few.
Elf64_Ehdr readElfHeader(const ElfFile &file);

/// Whether they are a header of 64 bits and of this byte order.
bool isElf64(const Elf64_Ehdr &header);

/// Fails if one of the tables, segments or sections extends beyond the end,
/// which loaders do not check.
void checkElfExtents(const ElfFile &file, const Elf64_Ehdr &header);

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_ELF_H
