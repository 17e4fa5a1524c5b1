/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Operations that lanes of a warp execute together: a lane waits until all
 * lanes of the mask have come.
 */
#ifndef MOELORA_EMULATOR_MEET_H
#define MOELORA_EMULATOR_MEET_H

#include "Block.h"

namespace moelora::emulator {

/// Waits until all lanes of the mask have called with the same key. The last
/// one calls `complete`, which reads the operands of all lanes and writes the
/// results there. `operands` must stay valid until `meet` returns. It is a
/// fault if a lane is not in its own mask, if the mask names lanes that the
/// warp does not have, or if lanes wait for each other with different keys.
void meet(Thread &thread, const MeetingKey &key, void *operands,
          void (*complete)(Block &block, const Meeting &meeting));

/// Counts the bank conflicts of a warp. Called when all its lanes have waited
/// for each other.
void meetBanks(Block &block, Warp &warp);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_MEET_H
