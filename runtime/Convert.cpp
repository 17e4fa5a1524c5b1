/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The element types of safetensors, and copies that convert.
 */
#include "Convert.h"

#include "MatrixView.h"
#include "moelora/runtime/Checkpoint.h"
#include "moelora/runtime/Layer.h"

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

template <typename To, typename From>
void copyTyped(const From *from, const MatrixView &view, const Block &block,
               To *to, int64_t toRow, int64_t toColumn) {
  from +=
      view.offset + block.firstRow * view.row + block.firstColumn * view.column;
  for (int64_t i = 0; i < block.rows; ++i, from += view.row, to += toRow) {
    if (view.column == 1 && toColumn == 1) // the form that vectorises
      for (int64_t j = 0; j < block.columns; ++j)
        to[j] = convert<To>(from[j]);
    else
      for (int64_t j = 0; j < block.columns; ++j)
        to[j * toColumn] = convert<To>(from[j * view.column]);
  }
}

template <typename To>
void copyTo(const void *bytes, int32_t dtype, const MatrixView &view,
            const Block &block, const Destination &to) {
  auto copyFrom = [&](auto *from) {
    copyTyped(from, view, block, static_cast<To *>(to.data), to.row, to.column);
  };
  switch (dtype) {
  case MOELORA_FILE_F32:
    return copyFrom(static_cast<const float *>(bytes));
  case MOELORA_FILE_F16:
    return copyFrom(static_cast<const F16 *>(bytes));
  case MOELORA_FILE_BF16:
    return copyFrom(static_cast<const BF16 *>(bytes));
  case MOELORA_FILE_F64:
    return copyFrom(static_cast<const double *>(bytes));
  }
}

} // namespace

bool moelora::isFloatingPoint(int32_t dtype) {
  return dtype >= MOELORA_FILE_F32 && dtype <= MOELORA_FILE_F64;
}

void moelora::copyBlock(const void *bytes, int32_t dtype,
                        const MatrixView &view, const Block &block,
                        const Destination &to) {
  switch (to.dtype) {
  case MOELORA_F32:
    return copyTo<float>(bytes, dtype, view, block, to);
  case MOELORA_F16:
    return copyTo<F16>(bytes, dtype, view, block, to);
  case MOELORA_BF16:
    return copyTo<BF16>(bytes, dtype, view, block, to);
  }
}

const char *moelora_file_dtype_name(int32_t dtype) {
  return dtype > 0 && dtype < fileTypeCount ? fileTypes[dtype].name : nullptr;
}

uint64_t moelora_file_dtype_bytes(int32_t dtype) {
  return dtype > 0 && dtype < fileTypeCount ? fileTypes[dtype].bytes : 0;
}
