// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the test device does things, one at a time, and what it finds wrong.
#ifndef MOELORA_TEST_DEVICE_TESTRUNNER_H
#define MOELORA_TEST_DEVICE_TESTRUNNER_H

#include "TestMemory.h"
#include "TestWork.h"

#include <string>

namespace moelora::test {

class TestRunner {
public:
  explicit TestRunner(TestMemory &memory) : memory(memory) {}

  /// Does an item. What it may not touch stays as it is.
  void run(const TestItem &item, const void *parameters);

  /// Somebody broke a rule of devices.
  void complain(const std::string &text);
  std::vector<std::string> complaints() const;
  void reset() { texts.clear(); }

private:
  bool mayUse(const char *what, const void *memory, uint64_t bytes);
  void launch(moelora_launch launch, const void *parameters);

  TestMemory &memory;
  mutable std::mutex mutex;
  std::vector<std::string> texts;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTRUNNER_H
