/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Ranks and scales of packed pairs: patterns match the parameter's name, a
 * converted file has twice the rank, its B may be dense.
 */
#include "Files.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

const std::string outer = inLayer(0, "mlp.experts");
const std::string inner = outer + ".base_layer";

Opened openPacked(const Folder &folder, int64_t gateUpRank, int64_t downRank,
                  const std::string &config, Tensors &tensors) {
  addPair(tensors, inner, experts * gateUpRank, hidden, 2 * intermediate, 3);
  addPair(tensors, outer, experts * downRank, intermediate, hidden, 4);
  writeAdapter(folder, config, tensors);
  return open(folder, Model());
}

moelora_pair_info infoOf(const Opened &opened, int projection) {
  return readPair(opened.get(), 0, projection, 1).info;
}

const std::string targets =
    R"("target_parameters": ["gate_up_proj", "down_proj"])";

} // namespace

TEST(AdapterScale, patterns_match_parameters) {
  Folder folder;
  Tensors tensors;
  Opened opened = openPacked(
      folder, 3, 5,
      config(3, 6, targets + R"(, "rank_pattern": {"experts.down_proj": 5},
                            "alpha_pattern": {".*\\.gate_up_proj": 12})"),
      tensors);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  EXPECT_EQ(infoOf(opened, MOELORA_GATE).rank, 3);
  EXPECT_EQ(infoOf(opened, MOELORA_UP).scale, 12.0 / 3);
  EXPECT_EQ(infoOf(opened, MOELORA_DOWN).rank, 5);
  EXPECT_EQ(infoOf(opened, MOELORA_DOWN).scale, 6.0 / 5);
}

TEST(AdapterScale, a_pattern_of_the_module_is_no_match) {
  Folder folder;
  Tensors tensors;
  Opened opened = openPacked(
      folder, 3, 3,
      config(3, 6, targets + R"(, "alpha_pattern": {"experts": 100})"),
      tensors);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  EXPECT_EQ(infoOf(opened, MOELORA_DOWN).scale, 2);
}

TEST(AdapterScale, rank_stabilized) {
  Folder folder;
  Tensors tensors;
  Opened opened = openPacked(
      folder, 3, 3, config(3, 6, targets + R"(, "use_rslora": true)"), tensors);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  EXPECT_DOUBLE_EQ(infoOf(opened, MOELORA_UP).scale, 6 / std::sqrt(3.0));
}

TEST(AdapterScale, beyond_f32) {
  auto answer = [](const std::string &alpha, const std::string &more) {
    Folder folder;
    Tensors tensors;
    return openPacked(folder, 4, 4,
                      R"({"peft_type": "LORA", "peft_version": "0.19.1",
                          "r": 4, )" +
                          targets + more + ", \"lora_alpha\": " + alpha + "}",
                      tensors)
        .text;
  };
  const std::string rule =
      "expects alpha and rank to give a scale that f32 holds, but it is ";
  EXPECT_THAT(answer("1e300", ""), HasSubstr(rule + "2.5e+299"));
  EXPECT_THAT(answer("-1e40", ""), HasSubstr(rule + "-2.5e+39"));
  EXPECT_THAT(answer("1e-50", ""), HasSubstr(rule + "2.5e-51"));
  EXPECT_THAT(answer("8", R"(, "alpha_pattern": {"down_proj": 1e300})"),
              HasSubstr(rule + "2.5e+299"));
  EXPECT_EQ(answer("1e38", ""), "");
  EXPECT_EQ(answer("0", ""), "");
}

TEST(AdapterScale, converted) {
  // Gate and up of rank 3 became one pair of rank 6 and of twice the alpha:
  // the plain scale stays, the stabilized one does not.
  constexpr int64_t rank = 3;
  for (bool stabilized : {false, true}) {
    Folder folder;
    Tensors tensors;
    std::string more = targets + R"(, "rank_pattern": {".*\\.gate_up_proj": 6},
        "alpha_pattern": {".*\\.gate_up_proj": 10})";
    more += stabilized ? R"(, "use_rslora": true)" : "";
    Opened opened =
        openPacked(folder, 2 * rank, rank, config(rank, 5, more), tensors);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
    EXPECT_DOUBLE_EQ(infoOf(opened, MOELORA_GATE).scale,
                     stabilized ? 10 / std::sqrt(6.0) : 5.0 / 3);
    EXPECT_DOUBLE_EQ(infoOf(opened, MOELORA_DOWN).scale,
                     stabilized ? 5 / std::sqrt(3.0) : 5.0 / 3);
  }
}

TEST(AdapterScale, converted_pairs_keep_all_ranks) {
  // Each of gate and up uses all 2r rows of A, with a B that is dense.
  constexpr int64_t rank = 6;
  Folder folder;
  Tensors tensors;
  Opened opened = openPacked(
      folder, rank, 3,
      config(3, 5, targets + R"(, "rank_pattern": {".*\\.gate_up_proj": 6})"),
      tensors);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  const Matrix &a = tensors[inner + ".lora_A.weight"];
  const Matrix &b = tensors[inner + ".lora_B.weight"];
  for (int64_t slice : {0, 1}) {
    Pair pair =
        readPair(opened.get(), 0, MOELORA_GATE + static_cast<int>(slice), 2);
    ASSERT_EQ(pair.info.rank, rank);
    for (int64_t j = 0; j < rank; ++j) {
      EXPECT_EQ(pair.a(j, 7), a(2 * rank + j, 7));
      EXPECT_EQ(pair.b(4, j), b(slice * intermediate + 4, j * experts + 2));
    }
  }
}

TEST(AdapterScale, rank_of_the_config) {
  Folder folder;
  Tensors tensors;
  EXPECT_THAT(openPacked(folder, 6, 3, config(3, 5, targets), tensors).text,
              HasSubstr("experts x rank = 3 x 3 = 9"));
}
