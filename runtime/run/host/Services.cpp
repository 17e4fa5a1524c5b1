/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The services of the runtime.
 */
#include "run/host/Services.h"

#include "base/threads/Pool.h"
#include "moelora/runtime/Execute.h"

using namespace moelora;

void moelora_services_init(moelora_pool *pool, moelora_services *services) {
  if (!services)
    return;
  *services = {};
  services->size = sizeof(moelora_services);
  services->abi = MOELORA_ABI_VERSION;
  shareWork(pool, *services);
  services->route = route;
  services->identity_weights = identityWeights;
  services->plan = makePlan;
}
