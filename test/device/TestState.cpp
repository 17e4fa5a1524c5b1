// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The properties and the state of the test device.

#include "TestFunctions.h"

#include <cstring>

using namespace moelora;
using namespace moelora::test;

namespace {

constexpr uint64_t granularity = 256;
constexpr int64_t sharedBytes = 64 << 10;

/// FNV-1a, a word at a time.
struct Hash {
  uint64_t value = 0xcbf29ce484222325;

  void add(uint64_t word) { value = (value ^ word) * 0x100000001b3; }
  void add(const void *bytes, uint64_t count) {
    auto *at = static_cast<const char *>(bytes);
    for (; count >= sizeof(uint64_t); count -= sizeof(uint64_t)) {
      uint64_t word;
      std::memcpy(&word, at, sizeof word);
      add(word);
      at += sizeof word;
    }
    for (; count; --count)
      add(static_cast<unsigned char>(*at++));
  }
  void add(const TestMoment &moment) {
    add(moment.remaining());
    add(moment.reached() ? 0 : moment.stream->index);
  }
  void add(const TestItem &item, const void *parameters) {
    add(static_cast<uint64_t>(item.kind));
    add(reinterpret_cast<uintptr_t>(item.to));
    add(reinterpret_cast<uintptr_t>(item.from));
    add(item.bytes);
    add(item.value);
    add(item.moment);
    if (item.kind != TestKind::Launch)
      return;
    add(reinterpret_cast<uintptr_t>(item.launch.kernel));
    add(parameters, item.launch.parameter_bytes);
  }
};

} // namespace

uint64_t TestDevice::hash(bool withContents) const {
  Hash hash;
  for (const TestStream &stream : streamPool.objects()) {
    hash.add(stream.live);
    hash.add(stream.capture);
    for (const TestItem &item : stream.work)
      hash.add(item, stream.work.parametersOf(item));
  }
  for (const TestEvent &event : eventPool.objects())
    if (event.live) {
      hash.add(event.index);
      hash.add(event.failed);
      hash.add(event.capture);
      hash.add(event.moment);
    }
  for (const TestMemory::Block &block : memory.allBlocks()) {
    hash.add(block.offset);
    hash.add(block.size + block.live);
    if (withContents && block.live)
      hash.add(memory.seen(block), block.size);
  }
  hash.add(faults.isLost());
  return hash.value;
}

moelora_device TestFunctions::all() {
  moelora_device device = {};
  device.size = sizeof device;
  device.version = MOELORA_DEVICE_VERSION;
  device.name = "test";
  device.granularity = granularity;
  addMemory(device);
  addStreams(device);
  addEvents(device);
  addKernels(device);
  device.query = [](void *context, int32_t key, int64_t *value,
                    moelora_error **error) {
    return answer(
        context, TestCall::Query, error,
        [&](TestDevice &device, moelora_status) -> TestAnswer {
          const int64_t values[] = {device.options.kind, 0, 1, sharedBytes, 0};
          checkResults(value);
          if (key < MOELORA_DEVICE_KIND || key > MOELORA_DEVICE_ORDINAL)
            failUnknownKey(key);
          *value = values[key - 1];
          return nullptr;
        });
  };
  return device;
}
