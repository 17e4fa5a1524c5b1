// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the work of the test device, one item at a time, and detects errors.
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

  /// A rule of devices was broken.
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
