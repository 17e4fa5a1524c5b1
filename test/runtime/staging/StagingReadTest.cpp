/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The bytes that staging reads: as many as the cost states, every byte once,
 * and no experts, layers and rows that are not kept.
 */
#include "Reads.h"
#include "Staged.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// The bytes that staging reads, which are those of the plan.
uint64_t bytesRead(const Opened &opened,
                   const moelora_slot_table_options &options) {
  Reads reads;
  Staged staged(opened, options);
  EXPECT_EQ(reads.bytes(), staged.cost().read_bytes);
  return reads.bytes();
}

uint64_t bytesOfPairs(int rank, int64_t in, int64_t out, int pairs) {
  return static_cast<uint64_t>(pairs * rank * (in + out)) * sizeof(float);
}

} // namespace

TEST(StagingRead, every_byte_once) {
  for (const Form &form : forms)
    for (int32_t dtype : {MOELORA_F32, MOELORA_BF16}) {
      SCOPED_TRACE(form.name);
      Folder folder;
      Opened opened = form.open(folder, 5, MOELORA_F32);
      std::string file = folder.read("adapter_model.safetensors");
      uint64_t header;
      std::memcpy(&header, file.data(), sizeof header);
      EXPECT_EQ(bytesRead(opened, tableOptions(1, dtype)),
                file.size() - sizeof header - header);
    }
}

TEST(StagingRead, other_experts_are_not_read) {
  const int32_t kept[] = {2};
  moelora_slot_table_options options = tableOptions(1);
  options.experts = kept;
  options.expert_count = 1;
  const int64_t in = Whole::latent, out = Whole::intermediate;
  const int rank = 5;
  Folder folder;
  Opened stacked = forms[2].open(folder, rank, MOELORA_F32);
  EXPECT_EQ(bytesRead(stacked, options), bytesOfPairs(rank, in, out, 3));
  // Only contiguous halves of packed pairs are read: A of gate_up and of down
  // for one expert, both B for all experts.
  Opened packed = forms[4].open(folder, rank, MOELORA_F32);
  uint64_t a = static_cast<uint64_t>(rank * (in + out)) * sizeof(float);
  uint64_t b = static_cast<uint64_t>(rank * Whole::experts * (2 * out + in)) *
               sizeof(float);
  EXPECT_EQ(bytesRead(packed, options), a + b);
}

TEST(StagingRead, where_other_experts_lie_is_never_touched) {
  Folder folder;
  Opened opened = forms[0].open(folder, 3, MOELORA_F32);
  moelora_checkpoint *file = nullptr;
  ASSERT_EQ(moelora_checkpoint_open(folder.path.c_str(), &file, nullptr),
            MOELORA_OK);
  const int32_t kept[] = {1, 3};
  moelora_slot_table_options options = tableOptions(1);
  options.experts = kept;
  options.expert_count = 2;
  Reads reads;
  Staged staged(opened, options);
  std::string whole = folder.read("adapter_model.safetensors");
  uint64_t begin;
  std::memcpy(&begin, whole.data(), sizeof begin);
  begin += sizeof begin;
  for (int64_t i = 0; i < moelora_checkpoint_count(file); ++i) {
    moelora_tensor tensor = {};
    tensor.size = sizeof tensor;
    moelora_checkpoint_tensor(file, i, &tensor);
    uint64_t touched = 0;
    for (const Read &read : reads.all())
      if (read.offset < begin + tensor.bytes &&
          read.offset + read.bytes > begin)
        touched += read.bytes;
    std::string name = tensor.name;
    bool other = name.find("experts.0") != name.npos ||
                 name.find("experts.2") != name.npos;
    EXPECT_EQ(touched, other ? 0 : tensor.bytes) << name;
    begin += tensor.bytes;
  }
  moelora_checkpoint_close(file);
}

TEST(StagingRead, other_layers_and_rows_are_not_read) {
  Folder folder;
  Opened opened = forms[2].open(folder, 4, MOELORA_F32);
  const int32_t layers[] = {0};
  moelora_slot_table_options options = tableOptions(1);
  options.layers = layers;
  options.layer_count = 1;
  EXPECT_EQ(bytesRead(opened, options), 0u);
  // Rows of B of gate and up are cut; A of down is cut in columns, so whole
  // rows are read.
  options = tableOptions(1);
  options.tp_size = 3;
  const int64_t in = Whole::latent, out = Whole::intermediate;
  const int64_t gate = 4 * (in + out / 3), down = 4 * (out + in);
  EXPECT_EQ(bytesRead(opened, options),
            static_cast<uint64_t>(Whole::experts * (2 * gate + down)) *
                sizeof(float));
}

TEST(StagingRead, long_tensors_in_stripes) {
  // Rows of 4 * 70,000 bytes are longer than one read, and 300 of them are more
  // than one task.
  constexpr int64_t wide = 70000, deep = 300;
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.0.gate_proj"), 17, wide, deep);
  addPair(tensors, inLayer(0, "mlp.experts.0.down_proj"), 17, deep, wide);
  writeAdapter(folder, config(17, 1), tensors);
  Model model;
  for (moelora_adapter_site &site : model.sites) {
    site.hidden = wide;
    site.intermediate = deep;
  }
  Opened opened = open(folder, model);
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  for (int32_t dtype : {MOELORA_F32, MOELORA_BF16}) {
    moelora_slot_table_options options = tableOptions(1, dtype);
    Reads reads;
    Staged staged(opened, options);
    EXPECT_EQ(reads.bytes(), bytesOfPairs(17, wide, deep, 2));
    for (const Read &read : reads.all())
      EXPECT_LE(read.bytes, uint64_t(1) << 18);
    for (int p : {MOELORA_GATE, MOELORA_DOWN}) {
      Pair pair = readPair(opened.get(), 0, p, 0);
      const moelora_pair &at = staged.pairs(0, p)[0];
      if (dtype == MOELORA_F32)
        expectPages<float>(pair, staged.image(), at);
      else
        expectPages<moelora::BF16>(pair, staged.image(), at);
    }
  }
}

TEST(StagingRead, costs) {
  Folder folder;
  Opened opened = forms[3].open(folder, 17, MOELORA_F32);
  Staged staged(opened, tableOptions(1, MOELORA_BF16));
  const moelora_slot_cost &cost = staged.cost();
  // 17 ranks take 2 pages each. A of gate and up, and B of down, exist once.
  const uint64_t latent = Whole::latent, inner = Whole::intermediate;
  const uint64_t sizes = latent + 2 * 4 * inner + 4 * inner + latent;
  EXPECT_EQ(cost.pages, 2u * (1 + 2 * 4 + 4 + 1));
  EXPECT_EQ(cost.page_bytes, 2 * 32 * sizes);
  EXPECT_EQ(cost.exact_bytes, 2 * 17 * sizes);
  EXPECT_EQ(cost.index_bytes,
            128u + 3 * 4 * sizeof(moelora_pair)); // 3 layers of 40 bytes
  EXPECT_GE(cost.bytes, cost.index_bytes + cost.page_bytes);
  EXPECT_LT(cost.bytes, cost.index_bytes + cost.page_bytes + 64 * cost.pages);
  EXPECT_EQ(staged.pairs(2, MOELORA_GATE)[0].a,
            staged.pairs(2, MOELORA_UP)[3].a);
  EXPECT_EQ(staged.pairs(2, MOELORA_DOWN)[0].b,
            staged.pairs(2, MOELORA_DOWN)[3].b);
}
