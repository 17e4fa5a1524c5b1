/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is worth telling and is no error: what a device's compiler says of a
 * kernel, an event that will never pass, memory that has to be kept.
 */
#ifndef MOELORA_RUNTIME_LOG_H
#define MOELORA_RUNTIME_LOG_H

#include "moelora/runtime/Error.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum moelora_log_level {
  MOELORA_LOG_INFO = 0,
  MOELORA_LOG_WARNING = 1, /* something is worse than it should be */
} moelora_log_level;

/* Calls `log` with `context` for each message of the process, on the thread
 * that has it to tell; several threads may call at once, and `text`, one line
 * without a full stop, is borrowed for the call. `log` must not throw and must
 * not call the runtime. NULL, as at the beginning: nobody is told. A call that
 * is under way may still come after this returns. Any thread. */
MOELORA_API void moelora_set_log(void (*log)(void *context, int32_t level,
                                             const char *text),
                                 void *context);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_LOG_H */
