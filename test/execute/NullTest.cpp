// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every function that takes a pointer, given NULL: an answer, and no fault.

#include "CopyRun.h"

using namespace moelora::test;

namespace {

struct Null : testing::Test {
  CopyRun copy;
  const moelora_artifact *artifact = &copy.bound.artifact();
  const moelora_device *cpu = moelora_device_cpu();
  moelora_binding binding = copy.bound.weights.binding();
  moelora_program *program = copy.bound.program;
};

#define REFUSES(call)                                                          \
  do {                                                                         \
    moelora_error *error = nullptr;                                            \
    EXPECT_EQ(call, MOELORA_INVALID) << #call;                                 \
    EXPECT_STRNE(moelora_error_text(error), "") << #call;                      \
    moelora_error_free(error);                                                 \
  } while (false)

TEST_F(Null, IsInvalid) {
  moelora_artifact_file *file = nullptr;
  REFUSES(moelora_artifact_load(nullptr, &file, &error));
  REFUSES(moelora_artifact_load(LAYER_COPY, nullptr, &error));
  REFUSES(moelora_artifact_seal(nullptr, &error));
  REFUSES(moelora_artifact_check(nullptr, &error));
  REFUSES(moelora_artifact_match(nullptr, artifact->layer, &error));
  REFUSES(moelora_artifact_match(artifact, nullptr, &error));
  moelora_program *made = nullptr;
  REFUSES(
      moelora_program_create(nullptr, nullptr, cpu, nullptr, &made, &error));
  REFUSES(moelora_program_create(artifact, nullptr, nullptr, nullptr, &made,
                                 &error));
  REFUSES(
      moelora_program_create(artifact, nullptr, cpu, nullptr, nullptr, &error));
  moelora_bound_layer *layer = nullptr;
  REFUSES(moelora_layer_bind(nullptr, &binding, &layer, &error));
  REFUSES(moelora_layer_bind(program, nullptr, &layer, &error));
  REFUSES(moelora_layer_bind(program, &binding, nullptr, &error));
  REFUSES(moelora_layer_run(nullptr, &copy.run, &error));
  REFUSES(moelora_layer_run(copy.bound.layer, nullptr, &error));
  binding.weight = nullptr;
  REFUSES(moelora_layer_bind(program, &binding, &layer, &error));
}

TEST_F(Null, HasAnAnswerWhereThereIsNoStatus) {
  uint8_t digest[MOELORA_DIGEST_BYTES];
  EXPECT_EQ(moelora_artifact_digest(nullptr, digest), MOELORA_INVALID);
  EXPECT_EQ(moelora_artifact_digest(copy.bound.file, nullptr), MOELORA_INVALID);
  EXPECT_EQ(moelora_artifact_count(nullptr), -1);
  EXPECT_EQ(moelora_artifact_of(nullptr, 0), nullptr);
  EXPECT_EQ(moelora_artifact_variant(nullptr, "cpu"), nullptr);
  EXPECT_EQ(moelora_variant_operand(nullptr, 0, 0), -1);
  EXPECT_EQ(moelora_variant_operand_bytes(nullptr, 0, 1), 0u);
  EXPECT_EQ(moelora_program_variant(nullptr), nullptr);
  EXPECT_EQ(moelora_layer_workspace(nullptr, 0, 1), 0u);
}

TEST_F(Null, IsFineToGiveBack) {
  EXPECT_EQ(moelora_artifact_close(nullptr, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_program_destroy(nullptr, nullptr), MOELORA_OK);
  EXPECT_EQ(moelora_layer_unbind(nullptr, nullptr), MOELORA_OK);
  moelora_error_free(nullptr);
}

TEST_F(Null, ErrorsNeedNoPlace) {
  EXPECT_EQ(moelora_layer_run(copy.bound.layer, nullptr, nullptr),
            MOELORA_INVALID);
  EXPECT_EQ(moelora_artifact_load("/nonexistent", nullptr, nullptr),
            MOELORA_INVALID);
}

} // namespace
