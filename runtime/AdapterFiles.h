/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An open adapter, as the C interface and the slot table see it.
 */
#ifndef MOELORA_RUNTIME_ADAPTERFILES_H
#define MOELORA_RUNTIME_ADAPTERFILES_H

#include "AdapterBinding.h"

#include <memory>

namespace moelora {

/// The files of an adapter's folder.
constexpr const char *adapterConfigName = "adapter_config.json";
constexpr const char *adapterTensorsName = "adapter_model.safetensors";

/// What opening found; immutable.
struct OpenAdapter {
  CheckpointFiles files;
  AdapterBinding binding;
};

/// Fails on a number that is no layout.
void checkLayout(int32_t stated);

/// Opens the two files of a folder and binds them, or fails.
std::shared_ptr<const OpenAdapter> openAdapter(const std::string &folder,
                                               const moelora_adapter_target &,
                                               moelora_adapter_layout stated);

} // namespace moelora

/// One caller's handle. Several may be of the same open adapter, so that what
/// is remembered and what callers close do not depend on each other.
struct moelora_adapter {
  explicit moelora_adapter(std::shared_ptr<const moelora::OpenAdapter> opened)
      : opened(std::move(opened)), files(this->opened->files),
        binding(this->opened->binding) {}

  const std::shared_ptr<const moelora::OpenAdapter> opened;
  const moelora::CheckpointFiles &files;
  const moelora::AdapterBinding &binding;
};

namespace moelora {

/// A matrix's part of its tensor, read from the file. The view has a tensor.
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
