/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is said of threads that wait.
 */
#ifndef MOELORA_EMULATOR_DEADLOCK_H
#define MOELORA_EMULATOR_DEADLOCK_H

#include <cstdint>
#include <string>

namespace moelora::emulator {

class Block;

/// "0-3, 7" of a mask.
std::string shownLanes(uint32_t mask);

/// Who of the block waits where, and who has exited.
std::string shownDeadlock(const Block &block);

} // namespace moelora::emulator

#endif // MOELORA_EMULATOR_DEADLOCK_H
