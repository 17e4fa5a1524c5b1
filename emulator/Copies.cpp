/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The asynchronous copies of a thread.
 */
#include "Copies.h"

#include <cstring>

using namespace moelora;
using namespace moelora::emulator;

void AsyncCopy::move() {
  if (moved)
    return;
  moved = true;
  if (fromBytes)
    std::memcpy(to, from, fromBytes);
  std::memset(to + fromBytes, 0, bytes - fromBytes);
}

void Copies::clear() {
  copies.clear();
  groups.clear();
  open = 0;
}

void Copies::issue(const AsyncCopy &copy, uint8_t fill) {
  std::memset(copy.to, fill, copy.bytes);
  copies.push_back(copy);
  ++open;
}

void Copies::commit() {
  groups.push_back(open);
  open = 0;
}

void Copies::moveSome(Random &random) {
  if (!copies.empty() && random.below(2))
    copies[random.below(copies.size())].move();
}
