// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Queues of the test device.

#include "TestWork.h"

using namespace moelora::test;

void TestWork::add(const TestItem &item, const void *launchParameters) {
  items.push_back(item);
  if (item.kind != TestKind::Launch)
    return;
  // Any field of the parameters is aligned as it was.
  constexpr size_t alignment = alignof(std::max_align_t);
  size_t offset = (parameters.size() + alignment - 1) / alignment * alignment;
  auto *first = static_cast<const char *>(launchParameters);
  parameters.resize(offset);
  parameters.insert(parameters.end(), first,
                    first + item.launch.parameter_bytes);
  items.back().parameters = offset;
}

void TestWork::pop() {
  if (++head == items.size())
    clear();
}

void TestWork::clear() {
  head = 0;
  items.clear();
  parameters.clear();
}
