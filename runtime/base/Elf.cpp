/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks where the parts of an ELF file end.
 */
#include "base/Elf.h"

#include "base/Failure.h"

#include <cstring>
#include <vector>

using namespace moelora;

namespace {

void expectInside(const ElfFile &file, const char *what, uint64_t offset,
                  uint64_t bytes) {
  uint64_t last = 0;
  if (__builtin_add_overflow(offset, bytes, &last))
    last = ~uint64_t(0);
  if (last > file.end)
    fail("expects " + std::string(what) + " of " + file.name +
         " to end within its " + std::to_string(file.end) +
         " bytes, but it ends at " + std::to_string(last) +
         ": the file is cut");
}

template <typename Entry>
std::vector<Entry> readTable(const ElfFile &file, const char *what,
                             uint64_t offset, uint64_t count,
                             uint16_t entryBytes) {
  if (count && entryBytes != sizeof(Entry))
    fail("expects the " + std::string(what) + " of " + file.name + " to have " +
         std::to_string(sizeof(Entry)) + " bytes each, but they have " +
         std::to_string(entryBytes));
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(count, sizeof(Entry), &bytes))
    bytes = ~uint64_t(0);
  expectInside(file, what, offset, bytes);
  std::vector<Entry> table(static_cast<size_t>(count));
  file.read(offset, bytes, table.data());
  return table;
}

/// Files with very many sections have their number in the first one.
uint64_t sectionsOf(const ElfFile &file, const Elf64_Ehdr &header) {
  if (header.e_shnum)
    return header.e_shnum;
  return readTable<Elf64_Shdr>(file, "section headers", header.e_shoff, 1,
                               header.e_shentsize)[0]
      .sh_size;
}

} // namespace

Elf64_Ehdr moelora::readElfHeader(const ElfFile &file) {
  Elf64_Ehdr header = {};
  if (file.end >= sizeof header)
    file.read(0, sizeof header, &header);
  return header;
}

bool moelora::isElf64(const Elf64_Ehdr &header) {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_ident[EI_DATA] == ELFDATA2LSB;
}

void moelora::checkElfExtents(const ElfFile &file, const Elf64_Ehdr &header) {
  for (const Elf64_Phdr &segment :
       readTable<Elf64_Phdr>(file, "program headers", header.e_phoff,
                             header.e_phnum, header.e_phentsize))
    expectInside(file, "a segment", segment.p_offset, segment.p_filesz);
  if (header.e_shoff == 0)
    return;
  for (const Elf64_Shdr &section :
       readTable<Elf64_Shdr>(file, "section headers", header.e_shoff,
                             sectionsOf(file, header), header.e_shentsize))
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL)
      expectInside(file, "a section", section.sh_offset, section.sh_size);
}
