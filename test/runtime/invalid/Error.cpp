/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Error.h.
 */
#include "Invalid.h"

#include <cstring>

using namespace moelora::test;

InvalidCalls moelora::test::invalidError(const Valid &) {
  return {
      {"moelora_error_text", "error", 0,
       [] { return int64_t(std::strlen(moelora_error_text(nullptr))); }},
      {"moelora_error_make", "error", MOELORA_IO,
       [] { return moelora_error_make(nullptr, MOELORA_IO, "text"); }},
      {"moelora_error_make", "text", MOELORA_IO,
       [] {
         moelora_error *error = nullptr;
         int64_t status = moelora_error_make(&error, MOELORA_IO, nullptr);
         moelora_error_free(error);
         return status;
       }},
      {"moelora_error_free", "error", 0, returns(moelora_error_free, nullptr)}};
}
