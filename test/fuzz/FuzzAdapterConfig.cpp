// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of an adapter_config.json.

#include "Folder.h"
#include "moelora/runtime/AdapterFacts.h"

using namespace moelora::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Folder folder;
  folder.write("adapter_config.json", Input(data, size).remaining());
  moelora_adapter_facts facts = {};
  facts.size = sizeof facts;
  moelora_error *error = nullptr;
  moelora_status status =
      moelora_adapter_read_facts(folder.path().c_str(), &facts, &error);
  if (status == MOELORA_OK ? facts.rank < 1
                           : *moelora_error_text(error) == '\0')
    __builtin_trap();
  moelora_error_free(error);
  return 0;
}
