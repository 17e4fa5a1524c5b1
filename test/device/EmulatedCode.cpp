// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatedCode.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string>
#include <string_view>

using namespace moelora::test;

static void findIn(const moelora_artifact &artifact, const void *image,
                   EmulatedCode &code) {
  for (uint32_t v = 0; v < artifact.variants; ++v) {
    const moelora_variant &variant = artifact.variant[v];
    for (uint32_t b = 0; b < variant.binaries; ++b)
      if (variant.binary[b].data == image) {
        code.variant = &variant;
        code.image = &variant.binary[b];
      }
  }
  for (uint32_t v = 0; code.variant && v < artifact.variants; ++v) {
    const moelora_variant &variant = artifact.variant[v];
    if (variant.target == "emulated-" + std::string(code.variant->target))
      code.emulated =
          static_cast<const moelora_emulated_module *>(variant.binary[0].data);
  }
}

EmulatedCode EmulatedCode::of(const void *image) {
  EmulatedCode code;
  Dl_info info = {};
  link_map *object = nullptr;
  if (!dladdr1(image, &info, reinterpret_cast<void **>(&object),
               RTLD_DL_LINKMAP) ||
      !object)
    return code;
  auto query = reinterpret_cast<moelora_query_function>(
      dlsym(object, MOELORA_QUERY_SYMBOL));
  for (uint32_t i = 0; query && !code.emulated; ++i) {
    const moelora_artifact *artifact = query(MOELORA_ABI_VERSION, i);
    if (!artifact)
      break;
    findIn(*artifact, image, code);
  }
  return code;
}

bool EmulatedCode::has(const char *kernel) const {
  std::string entry = image->kind == MOELORA_BINARY_PTX
                          ? ".entry " + std::string(kernel) + "("
                          : ".text." + std::string(kernel) + '\0';
  return std::string_view(static_cast<const char *>(image->data), image->bytes)
             .find(entry) != std::string_view::npos;
}

bool EmulatedCode::isFor(int architecture) const {
  int target = std::atoi(variant->target + std::strlen("sm_"));
  if (image->kind == MOELORA_BINARY_PTX)
    return target <= architecture;
  Elf64_Ehdr header = {};
  if (image->bytes < sizeof header)
    return false;
  std::memcpy(&header, image->data, sizeof header);
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_machine == EM_CUDA && target == architecture;
}
