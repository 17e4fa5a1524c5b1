// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// adapter_config.json of an adapter whose experts' pairs were rewritten.
#ifndef MOELORA_ADAPTERS_CONFIG_H
#define MOELORA_ADAPTERS_CONFIG_H

#include "moelora/adapters/NewAdapter.h"

#include <set>

namespace moelora::adapters {

/// The object in the file, which was checked when the adapter was opened.
Json readConfig(const std::string &folder);

/// The configuration of a dummy before it has pairs.
Json plainConfig(int32_t rank, int32_t alpha);

/// Writes the ranks, scales and targets of adapter.modules to adapter.config.
/// Settings of other modules stay. `copied` are the last name components of
/// modules whose pairs were copied.
void describeModules(NewAdapter &adapter, const moelora_adapter_target &target,
                     const std::set<std::string> &copied);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_CONFIG_H
