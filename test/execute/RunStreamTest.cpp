// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs on streams of the cpu: in their order, and from what the caller gave at
// the time of the call.

#include "CopyRun.h"

#include "moelora/runtime/Log.h"

using namespace moelora::test;

namespace {

struct RunStream : testing::Test {
  RunStream() {
    EXPECT_EQ(cpu->stream_create(cpu->context, &stream, nullptr), MOELORA_OK);
    copy.run.on = stream;
  }
  ~RunStream() override { cpu->stream_destroy(cpu->context, stream); }
  void wait() {
    EXPECT_EQ(cpu->stream_synchronize(cpu->context, stream, nullptr),
              MOELORA_OK);
  }

  const moelora_device *cpu = moelora_device_cpu();
  moelora_stream *stream = nullptr;
  CopyRun copy;
};

TEST_F(RunStream, RunsInTheOrderOfTheStream) {
  CopyRun::Rows later = copy.hidden;
  copy.hidden = {};
  EXPECT_EQ(cpu->copy(cpu->context, stream, copy.hidden.data(), later.data(),
                      sizeof later, nullptr),
            MOELORA_OK);
  EXPECT_EQ(copy.error(), "");
  wait();
  EXPECT_EQ(copy.output, copy.expected({-1, -1, -1}));
}

TEST_F(RunStream, TakesACopyOfTheRun) {
  EXPECT_EQ(copy.error(), "");
  copy.run = {};
  wait();
  EXPECT_EQ(copy.output, copy.expected({-1, -1, -1}));
}

TEST_F(RunStream, RefusesAtOnce) {
  copy.run.output = nullptr;
  EXPECT_EQ(copy.error(), "expects output, but its address is null");
}

TEST_F(RunStream, TellsTheLogWhatNobodyWaitsFor) {
  std::string told;
  moelora_set_log(
      [](void *to, int32_t level, const char *text) {
        *static_cast<std::string *>(to) = std::to_string(level) + " " + text;
      },
      &told);
  BoundLayer fails(LAYER_FAILS);
  EXPECT_EQ(errorOf(moelora_layer_run, fails.layer, &copy.run), "");
  wait();
  moelora_set_log(nullptr, nullptr);
  EXPECT_EQ(told, "1 on a stream, the compiled layer copy refuses the "
                  "workspace as too small");
}

} // namespace
