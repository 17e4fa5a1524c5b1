/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Implementations of the services that generated code calls while it runs: the
 * work of Services.h that depends on data, and the threads of a pool.
 */
#ifndef MOELORA_RUNTIME_EXECUTE_H
#define MOELORA_RUNTIME_EXECUTE_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/Pool.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills in all services of the host, that is, all but launches. Exchanges are
 * made by the group to which the layer is bound.
 * If `pool` is NULL, they use one thread. If `services` is NULL, the call has
 * no effect. */
MOELORA_API void moelora_services_init(moelora_pool *pool,
                                       moelora_services *services);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_EXECUTE_H */
