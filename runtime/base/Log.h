/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef MOELORA_RUNTIME_BASE_LOG_H
#define MOELORA_RUNTIME_BASE_LOG_H

#include "moelora/runtime/Log.h"

namespace moelora {

/// Sends a message to the function of moelora_set_log.
void tell(moelora_log_level level, const char *text) noexcept;

} // namespace moelora

#endif // MOELORA_RUNTIME_BASE_LOG_H
