/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One text for all states of the world that behave alike. Blocks, fences and
 * leases are named in the order in which the text meets them, times by their
 * order, generations and versions not at all, because nothing but equality is
 * ever asked of them. Adapters need no names: what is loaded is known by its
 * slot, and all that are not loaded are alike. Streams are alike as well; of
 * the texts that their orders give, the least is taken. Of the past, only
 * whether a slot had tenants is told, and what callers know of the present is
 * what the core says of it, or a rule is broken.
 */
#ifndef MOELORA_TEST_SLOTS_CANONICAL_H
#define MOELORA_TEST_SLOTS_CANONICAL_H

#include "World.h"

namespace moelora::test {

std::string canonical(const World &world);

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANONICAL_H
