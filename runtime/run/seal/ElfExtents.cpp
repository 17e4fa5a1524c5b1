/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks where the parts of a shared object end.
 */
#include "run/seal/ElfExtents.h"

#include "base/Failure.h"

#include <cstring>
#include <elf.h>
#include <vector>

using namespace moelora;

namespace {

#if defined(__x86_64__)
constexpr uint16_t machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t machine = EM_AARCH64;
#else
#error "which machine is this in ELF?"
#endif

class Extents {
public:
  Extents(const File &file, uint64_t end) : file(file), end(end) {}

  void check() const {
    Elf64_Ehdr header = readHeader();
    for (const Elf64_Phdr &segment :
         readTable<Elf64_Phdr>("program headers", header.e_phoff,
                               header.e_phnum, header.e_phentsize))
      expectInside("a segment", segment.p_offset, segment.p_filesz);
    if (header.e_shoff == 0)
      return;
    for (const Elf64_Shdr &section :
         readTable<Elf64_Shdr>("section headers", header.e_shoff,
                               sectionsOf(header), header.e_shentsize))
      if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL)
        expectInside("a section", section.sh_offset, section.sh_size);
  }

private:
  Elf64_Ehdr readHeader() const {
    Elf64_Ehdr header = {};
    if (end >= sizeof header)
      file.read(0, sizeof header, &header);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_type != ET_DYN)
      fail("expects a compiled layer, but " + file.path() +
           " is no shared object");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != machine)
      fail("expects a compiled layer of this machine, but " + file.path() +
               " is of another one",
           MOELORA_UNSUPPORTED);
    return header;
  }

  /// Files with very many sections have their number in the first one.
  uint64_t sectionsOf(const Elf64_Ehdr &header) const {
    if (header.e_shnum)
      return header.e_shnum;
    return readTable<Elf64_Shdr>("section headers", header.e_shoff, 1,
                                 header.e_shentsize)[0]
        .sh_size;
  }

  template <typename Entry>
  std::vector<Entry> readTable(const char *what, uint64_t offset,
                               uint64_t count, uint16_t entryBytes) const {
    if (count && entryBytes != sizeof(Entry))
      fail("expects the " + std::string(what) + " of " + file.path() +
           " to have " + std::to_string(sizeof(Entry)) +
           " bytes each, but they have " + std::to_string(entryBytes));
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(count, sizeof(Entry), &bytes))
      bytes = ~uint64_t(0);
    expectInside(what, offset, bytes);
    std::vector<Entry> table(static_cast<size_t>(count));
    file.read(offset, bytes, table.data());
    return table;
  }

  void expectInside(const char *what, uint64_t offset, uint64_t bytes) const {
    uint64_t last = 0;
    if (__builtin_add_overflow(offset, bytes, &last))
      last = ~uint64_t(0);
    if (last > end)
      fail("expects " + std::string(what) + " of " + file.path() +
           " to end within its " + std::to_string(end) +
           " bytes, but it ends at " + std::to_string(last) +
           ": the file is cut");
  }

  const File &file;
  const uint64_t end;
};

} // namespace

void moelora::checkElfExtents(const File &file, uint64_t end) {
  Extents(file, end).check();
}
