/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a compiled layer says of itself, checked before any of it is used.
 */
#ifndef MOELORA_RUNTIME_DESCRIPTION_H
#define MOELORA_RUNTIME_DESCRIPTION_H

#include "moelora/runtime/Abi.h"

namespace moelora {

/// Fails where an artifact is not of this ABI, or breaks a rule of it.
void checkDescription(const moelora_artifact &artifact);

} // namespace moelora

#endif // MOELORA_RUNTIME_DESCRIPTION_H
