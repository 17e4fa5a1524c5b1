/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The same text for all states of a world that behave in the same way: the
 * state of the table, the work on streams, the memory of steps, and the
 * expectations of callers. Buffers, versions and batches are numbered in the
 * order of the text, fences by the distance of their streams, and times by
 * their order. A serial is replaced by the number of open steps for which it
 * waits, and a generation by whether an earlier id has another one.
 */
#ifndef MOELORA_TEST_SLOTS_CANONICAL_H
#define MOELORA_TEST_SLOTS_CANONICAL_H

#include "World.h"

namespace moelora::test {

std::string canonical(const World &world);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANONICAL_H
