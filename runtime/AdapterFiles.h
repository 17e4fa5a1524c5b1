/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An open adapter, as the C interface and the slot table see it.
 */
#ifndef MOELORA_RUNTIME_ADAPTERFILES_H
#define MOELORA_RUNTIME_ADAPTERFILES_H

#include "AdapterBinding.h"

struct moelora_adapter {
  moelora::CheckpointFiles files;
  moelora::AdapterBinding binding;
};

namespace moelora {

/// A matrix's part of its tensor, read from the file.
class StoredMatrix {
public:
  /// Reads all bytes between the first and the last element of `view`.
  StoredMatrix(const CheckpointFiles &files, const MatrixView &view,
               int64_t rows, int64_t columns);

  /// Copies a block of `view`, or of another one within the same bytes.
  void copy(const MatrixView &view, const Block &block,
            const Destination &to) const;

private:
  std::vector<double> bytes; // aligned for every element type
  int64_t begin;             // of the bytes, in elements of the tensor
  int32_t dtype;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERFILES_H
