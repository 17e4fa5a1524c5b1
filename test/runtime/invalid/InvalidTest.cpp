/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs the calls of all headers.
 */
#include "Invalid.h"

#include <gtest/gtest.h>

using namespace moelora::test;

Valid::Valid() {
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.1.up_proj"), 2, hidden,
          intermediate);
  writeAdapter(folder, config(2, 4), tensors);
  adapter = open(folder, model);
  file = folder / "adapter_model.safetensors";
}

TEST(Invalid, null_is_refused_and_changes_nothing) {
  Valid valid;
  ASSERT_EQ(valid.adapter.status, MOELORA_OK);
  for (auto calls : {invalidAdapter,     invalidAdapterFacts, invalidArtifact,
                     invalidCall,        invalidCheckpoint,   invalidError,
                     invalidExecute,     invalidGroup,        invalidGroupSlots,
                     invalidGroupStep,   invalidLoader,       invalidModel,
                     invalidPool,        invalidProgram,      invalidRun,
                     invalidSlotPublish, invalidSlotStats,    invalidSlotTable,
                     invalidStep,        invalidTransport})
    for (const InvalidCall &call : calls(valid))
      EXPECT_EQ(call.call(), call.expected)
          << call.function << " with NULL for " << call.argument;
}
