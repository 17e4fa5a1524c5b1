// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The system may be busy with the memory of a copy for a moment. Stands in for
// `fcntl`, for the runtime too.

#include "moelora/runtime/Artifact.h"

#include <cerrno>
#include <cstdarg>
#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

int busyAnswers = 0;

} // namespace

// All commands of this program take an int or a pointer, or nothing.
extern "C" int fcntl(int descriptor, int command, ...) {
  using Function = int(int, int, ...);
  static auto *real = reinterpret_cast<Function *>(dlsym(RTLD_NEXT, "fcntl"));
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  if (command == F_ADD_SEALS && busyAnswers > 0) {
    --busyAnswers;
    errno = EBUSY;
    return -1;
  }
  return real(descriptor, command, argument);
}

namespace moelora::test {
namespace {

TEST(BusySeal, IsTriedAgain) {
  busyAnswers = 3;
  moelora_artifact_file *file = nullptr;
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_artifact_load(LAYER_NAIVE, &file, &error), MOELORA_OK);
  EXPECT_EQ(busyAnswers, 0);
  EXPECT_EQ(moelora_artifact_close(file, &error), MOELORA_OK);
}

TEST(BusySeal, IsAnErrorInTheEnd) {
  busyAnswers = 1000;
  moelora_artifact_file *file = nullptr;
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_artifact_load(LAYER_NAIVE, &file, &error), MOELORA_IO);
  EXPECT_THAT(moelora_error_text(error),
              testing::HasSubstr("cannot make a copy of "));
  moelora_error_free(error);
  busyAnswers = 0;
}

} // namespace
} // namespace moelora::test
