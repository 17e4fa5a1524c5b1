// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A fixture for kernels that copy asynchronously, and the schedules in which
// they run.
#ifndef MOELORA_TEST_EMULATOR_COPIER_H
#define MOELORA_TEST_EMULATOR_COPIER_H

#include "Emulator.h"

#include <gmock/gmock.h>

namespace moelora::test {

constexpr uint32_t copySite = 1, commitSite = 2, waitSite = 3, loadSite = 4;

/// A GPU thread with the calls of asynchronous copies.
struct Copier : Gpu {
  void copy(uint64_t to, const void *from, uint32_t bytes,
            uint32_t fromBytes) const {
    calls().copy_async(self, shared(to), const_cast<void *>(from), bytes,
                       fromBytes, copySite);
  }
  void commit() const { calls().copy_commit(self, commitSite); }
  void wait(uint32_t pending) const {
    calls().copy_wait(self, pending, waitSite);
  }
  void waitAll() const { calls().copy_wait_all(self, waitSite); }
};

struct Buffers {
  const uint32_t *in;
  uint32_t *out;
};

class EmulatedCopies : public testing::TestWithParam<const char *> {
protected:
  using Body = void (*)(Gpu, const Buffers &);

  std::string faultOf(Body body, uint32_t threads = 1) {
    return emulator.launch<Buffers>(body, {1, threads, 4096}, test).fault;
  }
  std::vector<uint32_t> out(size_t count) {
    return emulator.download(test.out, count);
  }

  Emulator emulator{GetParam()};
  std::vector<uint32_t> in = [] {
    std::vector<uint32_t> values(64);
    for (uint32_t i = 0; i < 64; ++i)
      values[i] = i + 1;
    return values;
  }();
  Buffers test = {emulator.upload(in), emulator.allocate<uint32_t>(64)};
};

inline auto everySchedule() {
  return testing::Values("", "schedule=random,seed=1", "schedule=random,seed=2",
                         "schedule=adversarial");
}

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_COPIER_H
