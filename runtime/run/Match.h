/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 */
#ifndef MOELORA_RUNTIME_MATCH_H
#define MOELORA_RUNTIME_MATCH_H

#include "moelora/runtime/Abi.h"

namespace moelora {

/// Fails if an artifact's variant does not support the layer of a slot table.
void matchTable(const moelora_artifact &artifact,
                const moelora_variant &variant, const moelora_facts &table);

/// Fails if the group has another grid than that over which the variant was
/// cut, if it is missing, or if it is superfluous. `group` may be NULL.
void matchGroup(const moelora_variant &variant, const moelora_group *group);

} // namespace moelora

#endif // MOELORA_RUNTIME_MATCH_H
