/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names and sizes of element types.
 */
#include "moelora/runtime/Dtype.h"

namespace {

struct DtypeFacts {
  const char *name;
  uint64_t bytes;
};

/// By moelora_dtype; 0 is no type.
constexpr DtypeFacts dtypes[] = {
    {nullptr, 0}, {"F32", 4},  {"F16", 2},     {"BF16", 2},
    {"F64", 8},   {"BOOL", 1}, {"U8", 1},      {"I8", 1},
    {"U16", 2},   {"I16", 2},  {"U32", 4},     {"I32", 4},
    {"U64", 8},   {"I64", 8},  {"F8_E4M3", 1}, {"F8_E5M2", 1}};
constexpr int32_t dtypeCount = sizeof dtypes / sizeof dtypes[0];

} // namespace

const char *moelora_dtype_name(int32_t dtype) {
  return dtype > 0 && dtype < dtypeCount ? dtypes[dtype].name : nullptr;
}

uint64_t moelora_dtype_bytes(int32_t dtype) {
  return dtype > 0 && dtype < dtypeCount ? dtypes[dtype].bytes : 0;
}
