/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Copies matrices from tensors.
 */
#include "files/MatrixView.h"

#include "base/Convert.h"

using namespace moelora;

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
