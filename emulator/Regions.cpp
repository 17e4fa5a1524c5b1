/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Regions.
 */
#include "Regions.h"

using namespace moelora;
using namespace moelora::emulator;

void Regions::clear() {
  regions.clear();
  numbers.clear();
}

uint32_t Regions::add(const Region &region) {
  auto [found, fresh] =
      numbers.try_emplace({region.begin, region.bytes}, regions.size() + 1);
  if (!fresh)
    return found->second;
  if (found->second >= mostRegions) {
    numbers.erase(found);
    return 0;
  }
  regions.push_back(region);
  return found->second;
}
