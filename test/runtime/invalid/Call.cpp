/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Call.h.
 */
#include "Layers.h"

#include "moelora/runtime/Call.h"

using namespace moelora::test;

/// With a context that has no layers.
static int64_t call(const char *name, const moelora_memory *operand) {
  moelora_call_context context = {};
  context.size = sizeof context;
  int64_t status = moelora_call(&context, 0, name, 1, operand);
  moelora_error_free(context.error);
  return status;
}

InvalidCalls moelora::test::invalidCall(const Valid &) {
  static moelora_memory operand = {};
  operand.size = sizeof operand;
  return {
      {"moelora_call", "context", invalid,
       [] { return moelora_call(nullptr, 0, "layer", 1, &operand); }},
      {"moelora_call", "name", invalid, [] { return call(nullptr, &operand); }},
      {"moelora_call", "operand", invalid,
       [] { return call("layer", nullptr); }}};
}
