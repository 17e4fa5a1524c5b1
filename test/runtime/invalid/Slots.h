/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A slot table with an adapter, for calls that lack something else.
 */
#ifndef MOELORA_TEST_RUNTIME_INVALID_SLOTS_H
#define MOELORA_TEST_RUNTIME_INVALID_SLOTS_H

#include "../Tables.h"
#include "Invalid.h"

namespace moelora::test {

constexpr int64_t invalid = MOELORA_INVALID;

/// A call with a table that has the adapter "a", whose id is 0.
template <typename Body>
std::function<int64_t()> withTable(const Valid &valid, Body body) {
  return [&valid, body]() -> int64_t {
    Table table;
    int32_t id = -1;
    if (table.assign("a", valid.adapter, id) != MOELORA_OK)
      return -100;
    return body(table.table);
  };
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_INVALID_SLOTS_H
