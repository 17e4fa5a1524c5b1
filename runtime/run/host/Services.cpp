/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The services of the runtime.
 */
#include "run/host/Services.h"

#include "base/threads/Pool.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/Group.h"

using namespace moelora;

static int32_t exchangeRows(void *, moelora_stream *,
                            const moelora_exchange *exchange) {
  bool complete = exchange && exchange->group;
  return !complete || moelora_group_run(exchange->group->group, exchange,
                                        nullptr) != MOELORA_OK;
}

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
  services->collective = exchangeRows;
}
