// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Machine code for GPUs, which a device checks before the driver reads it.

#include "Devices.h"

#include <elf.h>

using namespace moelora;
using namespace moelora::test;

namespace {

class Cubins : public Devices {};

/// The driver does not know where a cubin ends.
TEST_P(Cubins, AreTakenIfTheyAreComplete) {
  struct {
    Elf64_Ehdr header = {};
    Elf64_Shdr section = {};
  } cubin;
  auto refusal = [&](uint64_t bytes) {
    moelora_binary binary = {MOELORA_BINARY_CUBIN, 0, bytes, &cubin};
    moelora_module *module = nullptr;
    return failureOf(
        [&] { call(*device, &moelora_device::module_load, &binary, &module); });
  };
  const char *none = "expects a cubin to be machine code for a GPU in the ELF "
                     "format, but it is not";
  EXPECT_EQ(refusal(sizeof cubin), none);
  std::memcpy(cubin.header.e_ident, ELFMAG, SELFMAG);
  cubin.header.e_ident[EI_CLASS] = ELFCLASS64;
  cubin.header.e_ident[EI_DATA] = ELFDATA2LSB;
  cubin.header.e_machine = EM_X86_64;
  EXPECT_EQ(refusal(sizeof cubin), none);
  cubin.header.e_machine = EM_CUDA;
  EXPECT_EQ(refusal(sizeof cubin.header - 1), none);
  cubin.header.e_shoff = sizeof cubin.header;
  cubin.header.e_shnum = 1;
  cubin.header.e_shentsize = sizeof cubin.section;
  EXPECT_EQ(refusal(sizeof cubin.header),
            "expects section headers of the cubin to end within its 64 bytes, "
            "but it ends at 128: the file is cut");
  cubin.section.sh_type = SHT_PROGBITS;
  cubin.section.sh_offset = 100;
  cubin.section.sh_size = 29;
  EXPECT_EQ(refusal(sizeof cubin),
            "expects a section of the cubin to end within its 128 bytes, but "
            "it ends at 129: the file is cut");
  cubin.section.sh_size = 28;
  EXPECT_THAT(refusal(sizeof cubin), testing::HasSubstr("FAKE_ERROR_200"));
}

INSTANTIATE_TEST_SUITE_P(On, Cubins, testing::Values("fake", "oldfake"),
                         nameOfDevice);

} // namespace
