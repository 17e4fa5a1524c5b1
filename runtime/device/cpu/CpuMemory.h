/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Memory of the cpu device, from the system. The large block that was released
 * last is kept, and the next large allocation gets it, cut or grown to its
 * size. An adapter that replaces another one is therefore not written to memory
 * that the system must clear first, which takes as long as writing it.
 */
#ifndef MOELORA_DEVICE_CPUMEMORY_H
#define MOELORA_DEVICE_CPUMEMORY_H

#include <cstdint>

namespace moelora {

uint64_t systemPageBytes();

/// Throws std::bad_alloc.
void *allocateCpuMemory(uint64_t bytes);
/// `bytes` is the size of the allocation. NULL has no effect.
void releaseCpuMemory(void *memory, uint64_t bytes);

} // namespace moelora

#endif // MOELORA_DEVICE_CPUMEMORY_H
