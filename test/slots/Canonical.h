/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One text for all states of a world that behave alike: what the table knows,
 * what is on streams, what the steps' memory holds, and what callers still
 * expect. Buffers, versions and batches are named in the order in which the
 * text meets them, fences by how far their streams are from them, times by
 * their order. Serials are told by how many open steps they wait for, and
 * generations by whether an id of the past has another one.
 */
#ifndef MOELORA_TEST_SLOTS_CANONICAL_H
#define MOELORA_TEST_SLOTS_CANONICAL_H

#include "World.h"

namespace moelora::test {

std::string canonical(const World &world);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANONICAL_H
