/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checks the description of a compiled layer before it is used.
 */
#ifndef MOELORA_RUNTIME_DESCRIPTION_H
#define MOELORA_RUNTIME_DESCRIPTION_H

#include "moelora/runtime/Abi.h"

namespace moelora {

/// Fails if an artifact does not have this ABI or breaks one of its rules.
void checkDescription(const moelora_artifact &artifact);

} // namespace moelora

#endif // MOELORA_RUNTIME_DESCRIPTION_H
