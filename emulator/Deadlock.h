/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Messages about threads that wait.
 */
#ifndef MOELORA_EMULATOR_DEADLOCK_H
#define MOELORA_EMULATOR_DEADLOCK_H

#include <cstdint>
#include <string>

namespace moelora::emulator {

class Block;

/// The lanes of a mask as text, for example "0-3, 7".
std::string shownLanes(uint32_t mask);

/// The message of a fault in a thread block whose threads all wait or have
/// exited: for each warp, which lanes wait where, and which have exited.
std::string shownDeadlock(const Block &block);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_DEADLOCK_H
