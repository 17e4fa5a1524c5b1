// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moelora-run: right layers, wrong layers, and what it writes.

#include "Tool.h"

#include <cmath>
#include <cstring>
#include <random>

using namespace moelora::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr int64_t Hidden = 48, Experts = 6, TopK = 2;

std::vector<float> randomRows(int64_t rows, int64_t width, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> values;
  std::vector<float> result(size_t(rows * width));
  for (float &value : result)
    value = values(random);
  return result;
}

class ToolRun : public Tool {
protected:
  static constexpr int64_t Tokens = 7;

  std::vector<Tensor> inputs() {
    return {Tensor::of("hidden", MOELORA_F32, {Tokens, Hidden},
                       randomRows(Tokens, Hidden, 1)),
            Tensor::of<int32_t>("slots", MOELORA_I32, {Tokens},
                                {0, -1, 1, 1, -1, 0, 0}),
            Tensor::of("router_logits", MOELORA_F32, {Tokens, Experts},
                       randomRows(Tokens, Experts, 2)),
            Tensor::of<int32_t>("expert_ids", MOELORA_I32, {Tokens, TopK},
                                {0, 5, 1, 0, 4, 2, 3, 1, -1, 2, 5, 0, 1, 3}),
            Tensor::of("expert_weights", MOELORA_F32, {Tokens, TopK},
                       randomRows(Tokens, TopK, 3))};
  }
  const std::string random = "--random-weights --random-adapters=3,20 ";

  std::vector<double> onReference(const std::string &options = "") {
    write("io", inputs());
    Answer answer = run(random + "--io=" + path("io") + options +
                        " --device=reference --out=" + path("exact"));
    EXPECT_EQ(answer.status, 0) << answer.error;
    return output<double>("exact");
  }

  /// Runs on the cpu, with these numbers as what must come out.
  Answer expect(const std::vector<double> &values,
                const std::string &options = "") {
    std::vector<Tensor> tensors = inputs();
    tensors.push_back(
        Tensor::of("expected", MOELORA_F64, {Tokens, Hidden}, values));
    write("io", tensors);
    return run(random + "--io=" + path("io") + options +
               " --out=" + path("cpu"));
  }
};

TEST_F(ToolRun, RightLayerAgreesWithTheReference) {
  for (const char *tokens : {"1", "5", "100"}) {
    Answer answer = run(random + "--tokens=" + tokens);
    EXPECT_EQ(answer.status, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr("right: yes"));
  }
}

/// No tokens are an ordinary case, but nothing that shows a layer right.
TEST_F(ToolRun, WithoutTokensNothingIsCompared) {
  for (std::string layer : {LAYER_NAIVE, LAYER_WRONG}) {
    Answer answer = runPlain(layer + " --model=" + TINY_MODEL + " " + random +
                             "--tokens=0 --json");
    EXPECT_EQ(answer.status, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr("\"compared_with\": \"nothing\""));
    EXPECT_THAT(answer.out, Not(HasSubstr("\"right\"")));
  }
}

TEST_F(ToolRun, WrongLayerIsFoundOutAndWritesNothing) {
  Answer answer = runPlain(std::string(LAYER_WRONG) + " --model=" + TINY_MODEL +
                           " " + random + "--out=" + path("out"));
  EXPECT_EQ(answer.status, 3);
  EXPECT_THAT(answer.out, HasSubstr("right: no"));
  EXPECT_THAT(answer.error, HasSubstr("outside the error bound"));
  EXPECT_FALSE(exists("out"));
}

/// Both devices on the same files, by every way of routing: within the bound
/// of each element, below which no element can be moved by a few per cent.
TEST_F(ToolRun, DevicesAgree) {
  for (const char *routing : {"model", "logits", "given"}) {
    SCOPED_TRACE(routing);
    std::string options = std::string(" --routing=") + routing;
    std::vector<double> exact = onReference(options);
    ASSERT_EQ(exact.size(), size_t(Tokens * Hidden));
    Answer answer = expect(exact, options);
    EXPECT_EQ(answer.status, 0) << answer.error;
    EXPECT_THAT(answer.out, HasSubstr("rows_compared: 7"));
    size_t largest = 0;
    for (size_t i = 0; i < exact.size(); ++i)
      if (std::abs(exact[i]) > std::abs(exact[largest]))
        largest = i;
    exact[largest] *= 1.04;
    EXPECT_EQ(expect(exact, options).status, 3);
  }
}

TEST_F(ToolRun, ExpectedIsCompared) {
  std::vector<double> exact = onReference();
  Answer right = expect(exact);
  EXPECT_EQ(right.status, 0) << right.out;
  EXPECT_THAT(right.out, HasSubstr("rows_compared: 7"));
  EXPECT_TRUE(exists("cpu"));
  std::filesystem::remove(path("cpu"));
  exact[100] += 0.5;
  Answer wrong = expect(exact);
  EXPECT_EQ(wrong.status, 3);
  EXPECT_THAT(wrong.out, HasSubstr("worst_token: 2\nworst_column: 4"));
  EXPECT_FALSE(exists("cpu"));
}

TEST_F(ToolRun, SameSeedSameBits) {
  std::string arguments = random + "--tokens=9 --seed=5 --out=";
  ASSERT_EQ(run(arguments + path("a") + " --threads=1").status, 0);
  ASSERT_EQ(run(arguments + path("b") + " --threads=3").status, 0);
  ASSERT_EQ(run(random + "--tokens=9 --seed=6 --out=" + path("c")).status, 0);
  EXPECT_EQ(output<uint16_t>("a"), output<uint16_t>("b"));
  EXPECT_NE(output<uint16_t>("a"), output<uint16_t>("c"));
}

/// NaN in one token's row stays there.
TEST_F(ToolRun, NaNIsContained) {
  std::vector<Tensor> tensors = inputs();
  float nan = std::nanf("");
  memcpy(tensors[0].bytes.data() + 3 * Hidden * 4, &nan, 4);
  write("io", tensors);
  ASSERT_EQ(run(random + "--io=" + path("io") + " --out=" + path("out")).status,
            0);
  std::vector<uint16_t> values = output<uint16_t>("out");
  for (int64_t i = 0; i < Tokens * Hidden; ++i)
    EXPECT_EQ(std::isnan(widen(values[size_t(i)])), i / Hidden == 3);
}

TEST_F(ToolRun, StatisticsAndJson) {
  EXPECT_THAT(run(random).out, Not(HasSubstr("peak_rss_bytes")));
  std::string statistics = run(random + "--stats").out;
  for (const char *line :
       {"\nmasked_slots: 0\n", "\nslots_leased: 2\n", "\nslot_loads: 2\n",
        "\nslot_hits: 2\n", "\nslot_misses: 0\n", "\nslot_evictions: 0\n",
        "\nids_masked: 0\n", "\nids_stale: 0\n", "\nload_publish_us: "})
    EXPECT_THAT(statistics, HasSubstr(line));
  Answer json = run(random + "--json --repeat=3");
  EXPECT_THAT(json.out, StartsWith("{\n  \"model\": \"qwen3_moe\",\n  "
                                   "\"layer\": 0,\n  \"device\": \"cpu\""));
  EXPECT_THAT(json.out, HasSubstr("\"right\": true"));
  EXPECT_EQ(json.out.back(), '\n');
}

} // namespace
