// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the kernels of the emulator that stand in for those of an image.
#ifndef MOELORA_TEST_DEVICE_EMULATEDCODE_H
#define MOELORA_TEST_DEVICE_EMULATEDCODE_H

#include "moelora/emulator/Kernel.h"
#include "moelora/runtime/Abi.h"

namespace moelora::test {

/// An image, and the kernels of the variant for the emulator of its layer.
struct EmulatedCode {
  const moelora_variant *variant = nullptr;
  const moelora_binary *image = nullptr;
  const moelora_emulated_module *emulated = nullptr; // NULL: there is none

  /// Finds them by the shared object that the image is in.
  static EmulatedCode of(const void *image);

  /// Whether the image has the kernel.
  bool has(const char *kernel) const;
  /// Whether it is for a GPU: PTX of its architecture or an earlier one, or
  /// machine code of exactly this one.
  bool isFor(int architecture) const;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_EMULATEDCODE_H
