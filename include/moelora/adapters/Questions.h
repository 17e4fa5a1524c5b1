// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that examine adapters. Each returns a JSON document for programs,
// which tools also print as text.
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

/// Describes the files without a model. All of these functions throw
/// host::Error.
Json inspect(const std::string &folder);

/// Describes what the files bind to in a model. Checks that no rank is above
/// `maxRank`, as a slot table requires; 0 allows any rank.
Json checkBinding(const host::AdapterFolder &adapter,
                  const models::Model &model, int32_t maxRank);

/// Lists the pairs in which two adapters differ, and by how much.
Json diff(const host::AdapterFolder &left, const host::AdapterFolder &right,
          const models::Model &model, const host::Progress &progress);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_QUESTIONS_H
