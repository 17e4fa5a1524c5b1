// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The questions about adapters, each answered with a document, which programs
// read and people are shown.
#ifndef MOELORA_ADAPTERS_QUESTIONS_H
#define MOELORA_ADAPTERS_QUESTIONS_H

#include "moelora/host/Adapters.h"
#include "moelora/host/Report.h"
#include "moelora/host/Times.h"
#include "moelora/models/Model.h"

namespace moelora::adapters {

using host::Json;

/// "layers.12.mlp" -> "layers.*.mlp"
std::string withoutNumbers(const std::string &name);

/// What the files are, by themselves. All of these throw host::Error.
Json inspect(const std::string &folder);

/// What they bind to in a model, and that no rank is above `maxRank`, as a slot
/// table wants it; 0: any rank.
Json checkBinding(const host::AdapterFolder &adapter,
                  const models::Model &model, int32_t maxRank);

/// In which pairs two adapters differ, and by how much.
Json diff(const host::AdapterFolder &left, const host::AdapterFolder &right,
          const models::Model &model, const host::Progress &progress);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_QUESTIONS_H
