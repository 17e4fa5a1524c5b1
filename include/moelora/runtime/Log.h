/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Messages that are not errors, for example a device compiler's remarks on a
 * kernel, an event that will never pass, or memory that cannot be freed.
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

/* Sets the function that receives the messages of the process. It is called as
 * `log(context, ...)` on the thread that has the message; several threads may
 * call it at once. `text` is one line without a full stop, borrowed for the
 * call. `log` must not throw and must not call the runtime. If `log` is NULL,
 * as initially, there are no messages. A call that has already begun may still
 * be running when this function returns. May be called from any thread. */
MOELORA_API void moelora_set_log(void (*log)(void *context, int32_t level,
                                             const char *text),
                                 void *context);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_LOG_H */
