// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A slot table in which the slots of a case have adapters of zeros.

#ifndef MOELORA_TEST_DIFFERENTIAL_SLOTS_H
#define MOELORA_TEST_DIFFERENTIAL_SLOTS_H

#include "Data.h"
#include "moelora/host/Adapters.h"

namespace moelora::differential {

/// The slots that the data has adapters for are published, with their numbers
/// as ids. The others have had an adapter with this id, which was evicted.
host::TableHandle publishZeros(const Case &c, const Data &data,
                               const moelora_facts &facts,
                               const moelora_device &device);

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_SLOTS_H
