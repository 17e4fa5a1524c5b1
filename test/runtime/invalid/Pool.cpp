/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Pool.h.
 */
#include "moelora/runtime/Pool.h"
#include "Invalid.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidPool(const Valid &) {
  return {{"moelora_pool_create", "pool", MOELORA_INVALID,
           [] { return moelora_pool_create(1, nullptr, nullptr); }},
          {"moelora_pool_destroy", "pool", 0,
           returns(moelora_pool_destroy, nullptr)},
          {"moelora_pool_workers", "pool", 0,
           [] { return moelora_pool_workers(nullptr); }}};
}
