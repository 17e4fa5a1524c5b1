// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel that loads one byte.
#ifndef MOELORA_TEST_EMULATOR_TOUCH_H
#define MOELORA_TEST_EMULATOR_TOUCH_H

#include "Emulator.h"

namespace moelora::test {

struct Touch {
  char *memory;
  int64_t offset;
  uint64_t region; ///< in bytes; 0 for none
};

constexpr uint32_t wordSite = 3;

/// Loads the byte at `offset`. If `region` is not 0, the pointer may reach only
/// the first `region` bytes of the memory.
inline void loadByte(Gpu gpu, const Touch &touch) {
  char *pointer = touch.memory;
  if (touch.region)
    pointer = gpu.bounded(pointer, touch.region);
  gpu.load(pointer + touch.offset, wordSite);
}

inline std::string faultOf(Emulator &emulator, const Touch &touch) {
  return emulator.launch(loadByte, {1, 1, 0}, touch).fault;
}

inline const std::string here =
    "kernel k, block (0, 0, 0), thread (0, 0, 0), op3 at k.mlir:3: ";

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_TOUCH_H
