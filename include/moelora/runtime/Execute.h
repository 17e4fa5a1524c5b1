/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The services that generated code calls while it runs, ready made: the
 * bookkeeping of Abi.h that depends on data, and the threads of a pool.
 */
#ifndef MOELORA_RUNTIME_EXECUTE_H
#define MOELORA_RUNTIME_EXECUTE_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills in what the host has: all but launches and exchanges. `pool` NULL: the
 * services of one thread. `services` NULL: no effect. */
MOELORA_API void moelora_services_init(moelora_pool *pool,
                                       moelora_services *services);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_EXECUTE_H */
