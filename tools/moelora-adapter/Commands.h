/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The commands that need two adapters, or make one. Each is true where the exit
 * status is to be 0, and throws Refusal.
 */
#ifndef MOELORA_TOOLS_ADAPTER_COMMANDS_H
#define MOELORA_TOOLS_ADAPTER_COMMANDS_H

#include "Options.h"
#include "Report.h"

namespace moelora::tool {

/// Whether nothing differs.
bool diff(const Options &options, const models::Model &model);

bool convert(const Options &options, const models::Model &model);
bool makeDummy(const Options &options, const models::Model &model);

} // namespace moelora::tool

#endif // MOELORA_TOOLS_ADAPTER_COMMANDS_H
