// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The adapters of a run on one compiled layer.
#ifndef MOELORA_ADAPTERS_OPEN_H
#define MOELORA_ADAPTERS_OPEN_H

#include "moelora/host/Adapters.h"
#include "moelora/host/CompiledLayer.h"

namespace moelora::adapters {

/// Opens those of the folders, and then makes up one of each rank, with values
/// from the seed, on all experts: "random-0" is the first. One whose rank is
/// above what was compiled for, or one too many, is an error.
std::vector<host::OpenAdapter>
openAdapters(const host::CompiledLayer &layer,
             const std::vector<host::AdapterFolder> &folders,
             const std::vector<int32_t> &randomRanks, uint64_t seed);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_OPEN_H
