// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The log: setting and removing its function.

#include "CopyRun.h"

#include "moelora/runtime/Log.h"

using namespace moelora::test;
using testing::ElementsAre;

namespace {

/// Collects the messages during its lifetime.
struct Listener {
  Listener() { moelora_set_log(hear, this); }
  ~Listener() { moelora_set_log(nullptr, nullptr); }
  static void hear(void *context, int32_t level, const char *text) {
    static_cast<Listener *>(context)->levels.push_back(level);
    EXPECT_EQ(std::string(text).find('\n'), std::string::npos);
  }
  std::vector<int32_t> levels;
};

/// Has one thing to tell.
void failOnAStream(CopyRun &copy, const BoundLayer &fails) {
  const moelora_device *cpu = moelora_device_cpu();
  ASSERT_EQ(cpu->stream_create(cpu->context, &copy.run.on, nullptr),
            MOELORA_OK);
  EXPECT_EQ(errorOf(moelora_layer_run, fails.layer, &copy.run), "");
  cpu->stream_destroy(cpu->context, copy.run.on);
}

TEST(Log, NobodyNeedListen) {
  CopyRun copy;
  BoundLayer fails(LAYER_FAILS);
  failOnAStream(copy, fails);
}

TEST(Log, TheLastOneIsTold) {
  CopyRun copy;
  BoundLayer fails(LAYER_FAILS);
  Listener before, listener;
  failOnAStream(copy, fails);
  EXPECT_THAT(listener.levels, ElementsAre(MOELORA_LOG_WARNING));
  EXPECT_TRUE(before.levels.empty());
  moelora_set_log(nullptr, nullptr);
  failOnAStream(copy, fails);
  EXPECT_EQ(listener.levels.size(), 1u);
}

} // namespace
