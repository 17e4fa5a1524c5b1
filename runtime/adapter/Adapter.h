/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An open adapter, for the C interface and the slot table.
 */
#ifndef MOELORA_RUNTIME_ADAPTER_ADAPTER_H
#define MOELORA_RUNTIME_ADAPTER_ADAPTER_H

#include "adapter/AdapterBinding.h"
#include "base/Target.h"

#include <memory>

namespace moelora {

/// The files of an adapter's folder.
constexpr const char *adapterConfigName = "adapter_config.json";
constexpr const char *adapterTensorsName = "adapter_model.safetensors";

/// An open adapter, immutable.
struct OpenAdapter {
  CheckpointFiles files;
  AdapterBinding binding;
};

/// Reads the caller's options; NULL has none. Fails if a number is not valid.
moelora_adapter_options readOptions(const moelora_adapter_options *given);

/// Opens the two files of a folder and binds them, or fails. Fails with
/// CANCELLED as soon as `work` is cancelled.
std::shared_ptr<const OpenAdapter>
openAdapter(const std::string &folder, const moelora_adapter_target &,
            const moelora_adapter_options &stated, Work &work);

} // namespace moelora

/// The handle of one caller. Several handles may share an open adapter, so that
/// closing a handle does not affect the cache.
struct moelora_adapter {
  explicit moelora_adapter(std::shared_ptr<const moelora::OpenAdapter> opened)
      : opened(std::move(opened)), files(this->opened->files),
        binding(this->opened->binding) {}

  const std::shared_ptr<const moelora::OpenAdapter> opened;
  const moelora::CheckpointFiles &files;
  const moelora::AdapterBinding &binding;
};

#endif // MOELORA_RUNTIME_ADAPTER_ADAPTER_H
