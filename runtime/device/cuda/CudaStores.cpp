/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Implements stores by copies of pinned words.
 */
#include "device/cuda/CudaStores.h"

using namespace moelora::cuda;

Stores::~Stores() {
  for (Word &word : words) {
    (void)driver.eventSynchronize(word.copied);
    (void)driver.eventDestroy(word.copied);
    (void)driver.hostRelease(word.value);
  }
}

void Stores::store(StreamHandle stream, Address to, uint64_t value) {
  std::lock_guard<std::mutex> lock(mutex);
  Word &word = take();
  *word.value = value;
  driver.check(driver.copyFromHost(to, word.value, sizeof value, stream));
  // Without an event, the word is free only after the stream has been
  // synchronised.
  if (driver.eventRecord(word.copied, stream).result != Success)
    driver.check(driver.streamSynchronize(stream));
  words.push_back(word);
  words.pop_front();
}

Stores::Word &Stores::take() {
  if (words.empty() ||
      driver.eventQuery(words.front().copied).result != Success)
    add();
  return words.front();
}

void Stores::add() {
  words.emplace_front();
  Word &word = words.front();
  try {
    void *pinned = nullptr;
    driver.check(
        driver.hostAllocate(&pinned, sizeof *word.value, HostPortable));
    word.value = static_cast<uint64_t *>(pinned);
    driver.check(driver.eventCreate(&word.copied, EventDisableTiming));
  } catch (...) {
    if (word.value)
      (void)driver.hostRelease(word.value);
    words.pop_front();
    throw;
  }
}
