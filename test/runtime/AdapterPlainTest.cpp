/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Pairs of two-dimensional modules: experts, router, shared expert; ranks,
 * scales and coverage.
 */
#include "Files.h"

#include <cmath>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

const std::string expert1 = inLayer(0, "mlp.experts.1.");

void expectEqual(const Matrix &read, const Matrix &written) {
  EXPECT_EQ(read.rows, written.rows);
  EXPECT_EQ(read.columns, written.columns);
  EXPECT_EQ(read.data, written.data);
}

} // namespace

TEST(AdapterPlain, experts) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, expert1 + "gate_proj", 2, hidden, intermediate, 1);
  addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate, 2);
  addPair(tensors, expert1 + "down_proj", 2, intermediate, hidden, 3);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  const char *names[] = {"gate_proj", "up_proj", "down_proj"};
  for (int p : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN}) {
    Pair pair = readPair(opened.get(), 0, p, 1);
    EXPECT_EQ(pair.info.scale, 1.5);
    EXPECT_EQ(pair.info.shares_a, 0);
    EXPECT_EQ(pair.info.dtype, MOELORA_F32);
    std::string module = expert1 + names[p];
    expectEqual(pair.a, tensors[module + ".lora_A.weight"]);
    expectEqual(pair.b, tensors[module + ".lora_B.weight"]);
    EXPECT_EQ(readPair(opened.get(), 0, p, 0).info.rank, 0);
    EXPECT_EQ(readPair(opened.get(), 2, p, 1).info.rank, 0);
  }
}

TEST(AdapterPlain, either_spelling) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(2, "block_sparse_moe.experts.0.w2"), 2, intermediate,
          hidden);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, Model());
  EXPECT_EQ(readPair(opened.get(), 2, MOELORA_DOWN, 0).info.rank, 2);
}

TEST(AdapterPlain, prefixes) {
  for (const char *prefix :
       {"", "model.", "model.language_model.", "language_model.model."}) {
    Folder folder;
    Tensors tensors;
    addPair(tensors,
            "base_model.model." + std::string(prefix) +
                "layers.0.mlp.experts.2.up_proj",
            2, hidden, intermediate);
    writeAdapter(folder, config(2, 3), tensors);
    Opened opened = open(folder, Model());
    EXPECT_EQ(opened.status, MOELORA_OK) << prefix << opened.text;
  }
}

TEST(AdapterPlain, router_and_shared_expert) {
  struct Case {
    const char *module;
    int projection;
    int64_t in, out;
  };
  const Case cases[] = {
      {"mlp.gate", MOELORA_ROUTER, hidden, experts},
      {"mlp.shared_expert.gate_proj", MOELORA_SHARED_GATE, hidden, sharedSize},
      {"mlp.shared_expert.up_proj", MOELORA_SHARED_UP, hidden, sharedSize},
      {"mlp.shared_expert.down_proj", MOELORA_SHARED_DOWN, sharedSize, hidden},
      {"mlp.shared_expert_gate", MOELORA_SHARED_SCORE, hidden, 1}};
  Folder folder;
  Tensors tensors;
  for (const Case &c : cases)
    addPair(tensors, inLayer(0, c.module), 2, c.in, c.out);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  for (const Case &c : cases) {
    Pair pair = readPair(opened.get(), 0, c.projection, 0);
    EXPECT_EQ(pair.info.in, c.in) << c.module;
    EXPECT_EQ(pair.info.out, c.out) << c.module;
    moelora_pair_info info = {};
    info.size = sizeof info;
    EXPECT_EQ(moelora_adapter_pair(opened.get(), 0, c.projection, 1, &info),
              MOELORA_INVALID);
  }
}

TEST(AdapterPlain, router_as_a_parameter) {
  // A two-dimensional parameter (E, H) is stored like a linear module,
  // independent of the layout of packed experts in the file. Patterns match its
  // full name.
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.gate"), 4, hidden, experts);
  addPair(tensors, inLayer(0, "mlp.experts"), experts * 2, hidden,
          intermediate);
  writeAdapter(folder,
               config(2, 3,
                      R"("rank_pattern": {"gate.weight": 4},
                         "target_parameters": ["gate.weight", "down_proj"])"),
               tensors);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  Pair router = readPair(opened.get(), 0, MOELORA_ROUTER, 0);
  EXPECT_EQ(router.info.scale, 0.75);
  expectEqual(router.a, tensors[inLayer(0, "mlp.gate.lora_A.weight")]);
  expectEqual(router.b, tensors[inLayer(0, "mlp.gate.lora_B.weight")]);
  moelora_adapter_coverage coverage = {};
  coverage.size = sizeof coverage;
  moelora_adapter_cover(opened.get(), 0, &coverage);
  EXPECT_EQ(coverage.layout, MOELORA_LAYOUT_TRANSPOSED);
}

TEST(AdapterPlain, patterns_and_rank_stabilized_scale) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, expert1 + "gate_proj", 4, hidden, intermediate);
  addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
  addPair(tensors, expert1 + "down_proj", 2, intermediate, hidden);
  // The first key that matches counts, for ranks and alphas separately.
  writeAdapter(folder,
               config(2, 6,
                      R"("use_rslora": true,
                         "rank_pattern": {"gate_proj": 4, ".*\\.gate_.*": 9},
                         "alpha_pattern": {"experts\\.[0-1]\\.down_proj": 5})"),
               tensors);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  auto scale = [&](int projection) {
    return readPair(opened.get(), 0, projection, 1).info.scale;
  };
  EXPECT_DOUBLE_EQ(scale(MOELORA_GATE), 6 / std::sqrt(4.0));
  EXPECT_DOUBLE_EQ(scale(MOELORA_UP), 6 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(scale(MOELORA_DOWN), 5 / std::sqrt(2.0));
}

TEST(AdapterPlain, other_layers_contribute_nothing_here) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(2, "mlp.experts.0.up_proj"), 2, hidden,
          intermediate);
  addPair(tensors, inLayer(0, "self_attn.q_proj"), 2, hidden, hidden);
  addPair(tensors, inLayer(1, "mlp.gate_proj"), 2, hidden, hidden);
  addPair(tensors, "base_model.model.visual.layers.0.mlp.up_proj", 2, 4, 4);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  moelora_adapter_summary summary = {};
  summary.size = sizeof summary;
  moelora_adapter_summarize(opened.get(), &summary);
  EXPECT_EQ(summary.tensors, 8);
  EXPECT_EQ(summary.bound, 2);
  EXPECT_EQ(summary.layers, 1);
  EXPECT_EQ(summary.max_rank, 2);
  EXPECT_THAT(moelora_adapter_elsewhere(opened.get(), 5), HasSubstr("lora_"));
  EXPECT_EQ(moelora_adapter_elsewhere(opened.get(), 6), nullptr);
  moelora_adapter_coverage coverage = {};
  coverage.size = sizeof coverage;
  moelora_adapter_cover(opened.get(), 0, &coverage);
  EXPECT_THAT(coverage.pairs, testing::Each(0));
  EXPECT_EQ(moelora_adapter_cover(opened.get(), 1, &coverage),
            MOELORA_NOT_FOUND);
}

TEST(AdapterPlain, no_such_pair) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, expert1 + "up_proj", 2, hidden, intermediate);
  writeAdapter(folder, config(2, 3), tensors);
  Opened opened = open(folder, Model());
  moelora_pair_info info = {};
  info.size = sizeof info;
  auto ask = [&](int layer, int projection, int expert) {
    return moelora_adapter_pair(opened.get(), layer, projection, expert, &info);
  };
  EXPECT_EQ(ask(0, MOELORA_UP, 1), MOELORA_OK);
  EXPECT_EQ(ask(1, MOELORA_UP, 1), MOELORA_NOT_FOUND);
  EXPECT_EQ(ask(0, MOELORA_UP, experts), MOELORA_INVALID);
  EXPECT_EQ(ask(0, MOELORA_PROJECTIONS, 0), MOELORA_INVALID);
  EXPECT_EQ(ask(3, MOELORA_UP, 1), MOELORA_INVALID);
  EXPECT_EQ(ask(0, MOELORA_UP, -1), MOELORA_INVALID);
}
