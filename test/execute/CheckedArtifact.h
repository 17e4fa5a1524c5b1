// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact to break one rule of at a time.
#ifndef MOELORA_TEST_EXECUTE_CHECKEDARTIFACT_H
#define MOELORA_TEST_EXECUTE_CHECKEDARTIFACT_H

#include "Services.h"

#include "moelora/runtime/Artifact.h"

#include <gmock/gmock.h>

namespace moelora::test {

/// The checks of loading, on a struct.
struct CheckedArtifact : testing::Test {
  void SetUp() override {
    ASSERT_EQ(errorOf(moelora_artifact_load, LAYER_COPY, &file), "");
    artifact = *moelora_artifact_of(file);
  }
  void TearDown() override { moelora_artifact_close(file); }
  std::string error() { return errorOf(moelora_artifact_check, &artifact); }

  moelora_artifact_file *file = nullptr;
  moelora_artifact artifact;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_CHECKEDARTIFACT_H
