/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Queries the artifacts of two layers that are linked into one image.
 */
#include "moelora/runtime/Abi.h"

#include <stdio.h>

const moelora_artifact *moelora_query(uint32_t abi, uint32_t index);
const moelora_artifact *moelora_query_first(uint32_t abi);
const moelora_artifact *moelora_query_the_second_2(uint32_t abi);

static void show(const moelora_artifact *artifact) {
  if (artifact)
    printf("%s: %u operands\n", artifact->name, artifact->variant->operands);
  else
    puts("none");
}

int main(void) {
  const uint32_t abi = MOELORA_ABI_VERSION;
  show(moelora_query_first(abi));
  show(moelora_query_the_second_2(abi));
  show(moelora_query_first(abi + 1));
  printf("%d\n", moelora_query(abi, 0) == moelora_query_first(abi) ||
                     moelora_query(abi, 0) == moelora_query_the_second_2(abi));
  show(moelora_query(abi, 1));
  show(moelora_query(abi - 1, 0));
  return 0;
}
