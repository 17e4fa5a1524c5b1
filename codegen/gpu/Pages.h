// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pages of adapters in the order of fragments (MOELORA_PAGE_FRAGMENT_MAJOR in
// moelora/runtime/Image.h): blocks of 16 x 16 elements, in which each lane has
// 16 bytes.
#ifndef MOELORA_CODEGEN_GPU_PAGES_H
#define MOELORA_CODEGEN_GPU_PAGES_H

#include "gpu/KernelCode.h"

namespace moelora::codegen {

constexpr int64_t PageBlock = 16, PageBlockBytes = 512;

/// The blocks of a page along its outputs or inputs.
constexpr int64_t pageBlocks(int64_t size) {
  return (size + PageBlock - 1) / PageBlock;
}

/// A pointer to a page of `bytes` bytes, which may reach nothing else.
inline Ptr pageAt(KernelCode &code, Int pages, Int page, int64_t bytes) {
  Int address = pages + code.toI64(page) * bytes;
  return code.bounded(code.global(address), code.i64(bytes));
}

/// The fragment of a lane, as the first factor of mma.
inline Registers<4> loadFragment(KernelCode &code, Ptr from) {
  mlir::Value all = code.loadConstant(code.vector(4), from, 16);
  return {code.lane(all, 0), code.lane(all, 1), code.lane(all, 2),
          code.lane(all, 3)};
}

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_PAGES_H
