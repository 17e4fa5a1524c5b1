/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Lanes of a warp that meet.
 */
#ifndef MOELORA_EMULATOR_MEET_H
#define MOELORA_EMULATOR_MEET_H

#include "Block.h"

namespace moelora::emulator {

/// Waits until all lanes of the mask have come with the same key. The last one
/// calls `complete`, which finds the operands of all and writes their results.
/// A fault where a lane is not in its own mask, or lanes that wait for each
/// other disagree.
void meet(Thread &thread, const MeetingKey &key, void *operands,
          void (*complete)(Block &block, const Meeting &meeting));

/// Counts what a warp that has met as a whole did to the banks.
void meetBanks(Block &block, Warp &warp);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MEET_H
