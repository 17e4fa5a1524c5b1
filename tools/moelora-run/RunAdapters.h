// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The adapters of a run.
#ifndef MOELORA_RUN_RUNADAPTERS_H
#define MOELORA_RUN_RUNADAPTERS_H

#include "Options.h"

namespace moelora::run {

/// Opens the adapters of --adapter and then those of --random-adapters. An
/// adapter with a rank above that of the variant, or too many adapters, are an
/// error.
std::vector<host::OpenAdapter> openAdapters(const Options &options,
                                            const models::Model &model,
                                            int layer,
                                            const moelora_variant &variant);

} // namespace moelora::run

#endif // MOELORA_RUN_RUNADAPTERS_H
