/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Stores of 8 bytes in stream order for drivers without such a function, as
 * copies from pinned words. A word is used again when the event after its copy
 * has passed. (The hardware copies 8 aligned bytes atomically.)
 */
#ifndef MOELORA_DEVICE_CUDASTORES_H
#define MOELORA_DEVICE_CUDASTORES_H

#include "device/cuda/CudaDriver.h"

#include <deque>
#include <mutex>

namespace moelora::cuda {

class Stores {
public:
  explicit Stores(const Driver &driver) : driver(driver) {}
  ~Stores();

  void store(StreamHandle stream, Address to, uint64_t value);

private:
  struct Word {
    uint64_t *value = nullptr;
    EventHandle copied = nullptr;
  };

  /// The oldest word, or a new one if that is still in use.
  Word &take();
  void add();

  const Driver &driver;
  std::mutex mutex;
  std::deque<Word> words; // the one that was used last is at the end
};

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDASTORES_H
