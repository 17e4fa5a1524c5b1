/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The element types of safetensors, and copies that convert.
 */
#include "Convert.h"

#include "MatrixView.h"

using namespace moelora;

namespace {

struct FileType {
  const char *name;
  uint64_t bytes;
};

/// By moelora_file_dtype; 0 is no type.
constexpr FileType fileTypes[] = {
    {nullptr, 0}, {"F32", 4},  {"F16", 2},     {"BF16", 2},
    {"F64", 8},   {"BOOL", 1}, {"U8", 1},      {"I8", 1},
    {"U16", 2},   {"I16", 2},  {"U32", 4},     {"I32", 4},
    {"U64", 8},   {"I64", 8},  {"F8_E4M3", 1}, {"F8_E5M2", 1}};
constexpr int32_t fileTypeCount = sizeof fileTypes / sizeof fileTypes[0];

} // namespace

bool moelora::isFloatingPoint(int32_t dtype) {
  return dtype >= MOELORA_FILE_F32 && dtype <= MOELORA_FILE_F64;
}

void moelora::copyToF32(const void *bytes, int32_t dtype,
                        const MatrixView &view, int64_t rows, int64_t columns,
                        float *to) {
  asFileType(bytes, dtype, [&](auto *from) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        *to++ =
            convert<float>(from[view.offset + i * view.row + j * view.column]);
  });
}

const char *moelora_file_dtype_name(int32_t dtype) {
  return dtype > 0 && dtype < fileTypeCount ? fileTypes[dtype].name : nullptr;
}

uint64_t moelora_file_dtype_bytes(int32_t dtype) {
  return dtype > 0 && dtype < fileTypeCount ? fileTypes[dtype].bytes : 0;
}
