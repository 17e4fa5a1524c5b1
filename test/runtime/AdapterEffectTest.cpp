/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters that bind and cannot change anything.
 */
#include "Memory.h"
#include "Tables.h"

using namespace moelora::test;

namespace {

const std::string expert1 = inLayer(0, "mlp.experts.1.");

Tensors pairOf(float b) {
  Tensors tensors;
  addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
  Matrix &matrix = tensors[expert1 + "up_proj.lora_B.weight"];
  std::fill(matrix.data.begin(), matrix.data.end(), b);
  return tensors;
}

int32_t effectOf(const Tensors &tensors, const std::string &config,
                 int32_t dtype = MOELORA_F32) {
  Folder folder;
  writeAdapter(folder, config, tensors, dtype);
  Opened opened = open(folder, Model());
  EXPECT_EQ(opened.status, MOELORA_OK) << opened.text;
  int32_t effect = -1;
  EXPECT_EQ(moelora_adapter_has_effect(opened.get(), &effect, nullptr),
            MOELORA_OK);
  return effect;
}

} // namespace

TEST(AdapterEffect, of_alpha) {
  EXPECT_EQ(effectOf(pairOf(1), config(2, 4)), 1);
  EXPECT_EQ(effectOf(pairOf(1), config(2, 0)), 0);
  const std::string some = R"("alpha_pattern": {"up_proj": )";
  EXPECT_EQ(effectOf(pairOf(1), config(2, 0, some + "1}")), 1);
  EXPECT_EQ(effectOf(pairOf(1), config(2, 4, some + "0}")), 0);
}

TEST(AdapterEffect, of_b) {
  for (int32_t dtype : {MOELORA_F32, MOELORA_BF16}) {
    EXPECT_EQ(effectOf(pairOf(0), config(2, 4), dtype), 0);
    EXPECT_EQ(effectOf(pairOf(-0.0f), config(2, 4), dtype), 0);
    Tensors last = pairOf(0);
    last[expert1 + "up_proj.lora_B.weight"].data.back() = -0.5f;
    EXPECT_EQ(effectOf(last, config(2, 4), dtype), 1);
  }
}

TEST(AdapterEffect, of_a) {
  Tensors tensors = pairOf(1);
  Matrix &matrix = tensors[expert1 + "up_proj.lora_A.weight"];
  std::fill(matrix.data.begin(), matrix.data.end(), 0.0f);
  EXPECT_EQ(effectOf(tensors, config(2, 4)), 0);
}

TEST(AdapterEffect, of_one_pair_among_others) {
  Tensors tensors = pairOf(0);
  addPair(tensors, inLayer(2, "mlp.experts.0.down_proj"), 2, intermediate,
          hidden);
  EXPECT_EQ(effectOf(tensors, config(2, 4)), 1);
}

TEST(AdapterEffect, of_dummies) {
  moelora_adapter *dummy = nullptr;
  ASSERT_EQ(moelora_adapter_make_dummy(usualTarget(), 4, &dummy, nullptr),
            MOELORA_OK);
  int32_t effect = -1;
  moelora_adapter_has_effect(dummy, &effect, nullptr);
  EXPECT_EQ(effect, 0);
  moelora_adapter_close(dummy);
}
