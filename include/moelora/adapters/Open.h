// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opens the adapters of a run on one compiled layer.
#ifndef MOELORA_ADAPTERS_OPEN_H
#define MOELORA_ADAPTERS_OPEN_H

#include "moelora/host/Adapters.h"
#include "moelora/host/CompiledLayer.h"

namespace moelora::adapters {

/// Opens the adapters of the folders, and then makes a random adapter for each
/// of `randomRanks`. Random adapter i is called "random-<i>", has a pair of
/// this rank for each projection of all experts, and its values depend on
/// `seed` + i. Throws an Error if an adapter cannot be opened, if there are
/// more adapters than the compiled layer has slots, or if a rank exceeds its
/// max_rank.
std::vector<host::OpenAdapter>
openAdapters(const host::CompiledLayer &layer,
             const std::vector<host::AdapterFolder> &folders,
             const std::vector<int32_t> &randomRanks, uint64_t seed);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_OPEN_H
