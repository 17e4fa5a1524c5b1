// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies, stores and launches of the test device.

#include "TestRunner.h"

#include <cstring>

using namespace moelora::test;

void TestRunner::complain(const std::string &text) {
  std::lock_guard<std::mutex> lock(mutex);
  texts.push_back(text);
}

std::vector<std::string> TestRunner::complaints() const {
  std::lock_guard<std::mutex> lock(mutex);
  return texts;
}

bool TestRunner::mayUse(const char *what, const void *place, uint64_t bytes) {
  const char *objection = memory.objection(place, bytes);
  if (objection)
    complain(std::string(what) + " " + objection + ": " +
             std::to_string(bytes) + " bytes at " +
             std::to_string(memory.offsetOf(place)));
  return !objection;
}

void TestRunner::launch(moelora_launch launch, const void *parameters) {
  auto *module = reinterpret_cast<const TestModule *>(launch.kernel);
  launch.parameters = parameters;
  module->function(&launch);
  if (memory.takeTouch())
    complain("a kernel touches memory that is not allocated");
}

void TestRunner::run(const TestItem &item, const void *parameters) {
  switch (item.kind) {
  case TestKind::Copy:
    if (mayUse("a copy reads", item.from, item.bytes) &&
        mayUse("a copy writes", item.to, item.bytes)) {
      TestMemory::Access access(memory);
      std::memmove(item.to, item.from, item.bytes);
    }
    return;
  case TestKind::Store:
    if (mayUse("a store writes", item.to, sizeof item.value)) {
      TestMemory::Access access(memory);
      __atomic_store_n(static_cast<uint64_t *>(item.to), item.value,
                       __ATOMIC_RELEASE);
    }
    return;
  case TestKind::Launch: {
    TestMemory::Access access(memory);
    launch(item.launch, parameters);
    return;
  }
  case TestKind::Record:
  case TestKind::Wait:
    return; // how far streams have come is not kept here
  }
}
