/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Execute.h.
 */
#include "moelora/runtime/Execute.h"
#include "Invalid.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidExecute(const Valid &) {
  return {{"moelora_services_init", "services", 0,
           returns(moelora_services_init, static_cast<moelora_pool *>(nullptr),
                   static_cast<moelora_services *>(nullptr))}};
}
