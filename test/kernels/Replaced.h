// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact for the emulator in which some kernels are those of another one.
#ifndef MOELORA_TEST_KERNELS_REPLACED_H
#define MOELORA_TEST_KERNELS_REPLACED_H

#include "moelora/emulator/Kernel.h"
#include "moelora/runtime/Artifact.h"

#include <cstring>
#include <vector>

namespace moelora::kernels {

class Replaced {
public:
  /// Kernels with the name of one of `part` are replaced by it. Both artifacts
  /// must outlive this one.
  Replaced(const moelora_artifact &whole, const moelora_artifact &part)
      : made(whole), variant(whole.variant[0]), binary(variant.binary[0]),
        module(moduleOf(whole)),
        kernels(module.kernel, module.kernel + module.kernels) {
    const moelora_emulated_module &others = moduleOf(part);
    for (uint32_t i = 0; i < others.kernels; ++i)
      for (moelora_emulated_kernel &kernel : kernels)
        if (std::strcmp(kernel.name, others.kernel[i].name) == 0)
          kernel = others.kernel[i];
    module.kernel = kernels.data();
    binary.data = &module;
    variant.binary = &binary;
    made.variant = &variant;
    made.variants = 1;
  }
  Replaced(const Replaced &) = delete;

  const moelora_artifact &artifact() const { return made; }

private:
  static const moelora_emulated_module &
  moduleOf(const moelora_artifact &artifact) {
    return *static_cast<const moelora_emulated_module *>(
        artifact.variant[0].binary[0].data);
  }

  moelora_artifact made;
  moelora_variant variant;
  moelora_binary binary;
  moelora_emulated_module module;
  std::vector<moelora_emulated_kernel> kernels;
};

} // namespace moelora::kernels

#endif // MOELORA_TEST_KERNELS_REPLACED_H
