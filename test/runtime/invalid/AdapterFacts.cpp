/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of AdapterFacts.h.
 */
#include "moelora/runtime/AdapterFacts.h"
#include "Invalid.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidAdapterFacts(const Valid &valid) {
  return {{"moelora_adapter_read_facts", "folder", MOELORA_INVALID,
           [] {
             moelora_adapter_facts facts = {};
             facts.size = sizeof facts;
             return moelora_adapter_read_facts(nullptr, &facts, nullptr);
           }},
          {"moelora_adapter_read_facts", "facts", MOELORA_INVALID, [&] {
             return moelora_adapter_read_facts(valid.folder.path.c_str(),
                                               nullptr, nullptr);
           }}};
}
