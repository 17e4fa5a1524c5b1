/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tensors that a caller gives, compared with what a layer reads and writes.
 */
#ifndef MOELORA_RUNTIME_RUN_BIND_H
#define MOELORA_RUNTIME_RUN_BIND_H

#include "base/Sized.h"
#include "run/Program.h"

namespace moelora {

/// The size of the struct in its first version.
constexpr uint32_t leastMemory = MOELORA_SIZE_THROUGH(moelora_memory, stride);

/// Fails unless the memory matches the row for this number of tokens. Returns
/// its strides.
Dims checkMemory(const moelora_operand &operand, const moelora_memory &memory,
                 int64_t tokens, const moelora_program &program);

} // namespace moelora

#endif // MOELORA_RUNTIME_RUN_BIND_H
