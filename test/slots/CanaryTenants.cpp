/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CanaryTenants.h"

#include <algorithm>
#include <stdexcept>

using namespace moelora::test;

namespace {

void must(moelora_status status) {
  if (status != MOELORA_OK)
    throw std::runtime_error("expects the cpu not to fail");
}

} // namespace

void Track::settle(int32_t number) {
  int32_t before = settled;
  while (before < number && !settled.compare_exchange_weak(before, number))
    ;
}

void GoneIds::add(int32_t id) {
  std::lock_guard<std::mutex> lock(mutex);
  ids[count++ % ids.size()] = id;
}

int32_t GoneIds::pick(std::mt19937 &random) {
  std::lock_guard<std::mutex> lock(mutex);
  return count ? ids[random() % std::min(count, ids.size())] : -1;
}

bool Happened::all() const {
  constexpr int64_t few = 5;
  return std::all_of(counts.begin(), counts.begin() + MOELORA_SLOT_FAILED,
                     [](const auto &count) { return count >= few; });
}

CanaryStreams::CanaryStreams(const moelora_device &device, size_t count)
    : device(device), all(1 + count) {
  for (size_t i = 1; i < all.size(); ++i)
    must(device.stream_create(device.context, &all[i], nullptr));
}

CanaryStreams::~CanaryStreams() {
  for (moelora_stream *stream : all)
    if (stream)
      device.stream_destroy(device.context, stream);
}

void CanaryStreams::synchronize() const {
  for (moelora_stream *stream : all)
    must(device.stream_synchronize(device.context, stream, nullptr));
}
