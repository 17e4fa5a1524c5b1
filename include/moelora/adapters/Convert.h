// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the same pairs in another form without loss, or fails.
#ifndef MOELORA_ADAPTERS_CONVERT_H
#define MOELORA_ADAPTERS_CONVERT_H

#include "moelora/adapters/NewAdapter.h"
#include "moelora/host/Adapters.h"
#include "moelora/models/Model.h"

#include <optional>
#include <set>

namespace moelora::adapters {

struct ConvertOptions {
  Form form = Form::PerExpert;
  /// Every value is rounded once to this type. Absent: the types of the files.
  std::optional<moelora_dtype> dtype;
  bool force = false; ///< replaces an adapter that is there
};

struct Converted {
  size_t tensors = 0;
  uint64_t bytes = 0; ///< of values
  Written written;
  int32_t dtype = 0;             ///< of the experts' pairs
  std::set<std::string> rounded; ///< types of the files that were
};

/// Throws host::Error if the form cannot represent the pairs.
Converted convert(const host::AdapterFolder &from, const std::string &to,
                  const models::Model &model, const ConvertOptions &options,
                  const host::Progress &progress);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_CONVERT_H
