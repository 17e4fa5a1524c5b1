// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// adapter_config.json of an adapter whose experts were written anew.
#ifndef MOELORA_ADAPTERS_CONFIG_H
#define MOELORA_ADAPTERS_CONFIG_H

#include "moelora/adapters/NewAdapter.h"

#include <set>

namespace moelora::adapters {

/// The object in the file; what it says was checked when the adapter was
/// opened.
Json readConfig(const std::string &folder);

/// What a dummy says of itself before it has experts.
Json plainConfig(int32_t rank, int32_t alpha);

/// Makes adapter.config state the ranks, scales and targets of
/// adapter.modules. What it says of other modules stays; `copied` are the last
/// words of those whose pairs were taken over.
void describeModules(NewAdapter &adapter, const moelora_adapter_target &target,
                     const std::set<std::string> &copied);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_CONFIG_H
