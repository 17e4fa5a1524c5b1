/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks where the parts of a shared object end.
 */
#include "run/seal/ElfExtents.h"

#include "base/Elf.h"
#include "base/Failure.h"

#include <cstring>

using namespace moelora;

namespace {

#if defined(__x86_64__)
constexpr uint16_t machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t machine = EM_AARCH64;
#else
#error "which machine is this in ELF?"
#endif

void checkHeader(const std::string &path, const Elf64_Ehdr &header) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_type != ET_DYN)
    fail("expects a compiled layer, but " + path + " is no shared object");
  if (!isElf64(header) || header.e_machine != machine)
    fail("expects a compiled layer of this machine, but " + path +
             " is of another one",
         MOELORA_UNSUPPORTED);
}

} // namespace

void moelora::checkElfExtents(const File &file, uint64_t end) {
  ElfFile elf = {file.path(), end,
                 [&](uint64_t offset, uint64_t bytes, void *to) {
                   file.read(offset, bytes, to);
                 }};
  Elf64_Ehdr header = readElfHeader(elf);
  checkHeader(file.path(), header);
  checkElfExtents(elf, header);
}
