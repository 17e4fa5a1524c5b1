// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handles of the test device. A freed handle is used again next, so that code
// which identifies objects by their handles is detected.
#ifndef MOELORA_TEST_DEVICE_TESTPOOL_H
#define MOELORA_TEST_DEVICE_TESTPOOL_H

#include <deque>
#include <mutex>
#include <vector>

namespace moelora::test {

/// Objects that stay where they are; T has an index and a flag `live`.
template <typename T> class TestPool {
public:
  T &take() {
    std::lock_guard<std::mutex> lock(mutex);
    if (unused.empty()) {
      all.emplace_back().index = all.size() - 1;
      unused.push_back(&all.back());
    }
    T &object = *unused.back();
    unused.pop_back();
    object.live = true;
    ++count;
    return object;
  }
  void give(T &object) {
    std::lock_guard<std::mutex> lock(mutex);
    object.live = false;
    --count;
    unused.push_back(&object);
  }
  /// Frees all handles, which are then used as in a new pool.
  void reset() {
    unused.clear();
    for (auto object = all.rbegin(); object != all.rend(); ++object) {
      object->live = false;
      unused.push_back(&*object);
    }
    count = 0;
  }

  long live() const { return count; }
  std::deque<T> &objects() { return all; }
  const std::deque<T> &objects() const { return all; }

private:
  std::mutex mutex;
  std::deque<T> all;
  std::vector<T *> unused;
  long count = 0;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_TESTPOOL_H
