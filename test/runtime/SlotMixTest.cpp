/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters of every form side by side in one table: each is in its own slot as
 * its files say, whatever its neighbours are.
 */
#include "Pages.h"

#include <gmock/gmock.h>

using namespace moelora::test;

namespace {

constexpr int64_t latent = 4;

/// A model that has every projection there is.
struct Whole : Model {
  Whole() {
    static const char *const in[] = {"fc1_latent_proj", nullptr};
    static const char *const out[] = {"fc2_latent_proj", nullptr};
    names.latent_in = in;
    names.latent_out = out;
    for (moelora_adapter_site &site : sites)
      site.latent = latent;
  }
};

/// Two-dimensional pairs of one expert, and all around the experts.
Opened plain(const Folder &folder, int rank, int32_t dtype) {
  struct Case {
    const char *module;
    int64_t in, out;
  };
  const Case cases[] = {{"mlp.experts.2.gate_proj", latent, intermediate},
                        {"mlp.experts.2.up_proj", latent, intermediate},
                        {"mlp.experts.2.down_proj", intermediate, latent},
                        {"mlp.gate", hidden, experts},
                        {"mlp.shared_expert.gate_proj", hidden, sharedSize},
                        {"mlp.shared_expert.up_proj", hidden, sharedSize},
                        {"mlp.shared_expert.down_proj", sharedSize, hidden},
                        {"mlp.shared_expert_gate", hidden, 1},
                        {"mlp.fc1_latent_proj", hidden, latent},
                        {"mlp.fc2_latent_proj", latent, hidden}};
  Tensors tensors;
  unsigned seed = static_cast<unsigned>(rank);
  for (const Case &c : cases)
    addPair(tensors, inLayer(0, c.module), rank, c.in, c.out, seed++);
  writeAdapter(folder, config(rank, 3), tensors, dtype);
  return open(folder, Whole());
}

/// lora_A has the output size.
Opened transposed(const Folder &folder, int rank) {
  Tensors tensors;
  std::string outer = inLayer(0, "mlp.experts");
  addPair(tensors, outer + ".base_layer", experts * rank, 2 * intermediate,
          latent, 5);
  addPair(tensors, outer, experts * rank, latent, intermediate, 6);
  writeAdapter(folder, config(rank, 7, packedTargets), tensors);
  return open(folder, Whole());
}

/// A of gate and up, and B of down, once for all experts.
Opened sharedOuter(const Folder &folder, int rank) {
  Tensors tensors;
  std::string stack = inLayer(2, "mlp.experts.");
  tensors[stack + "gate_up_proj.lora_A.weight"] =
      randomStack(1, rank, latent, 1);
  tensors[stack + "gate_up_proj.lora_B.weight"] =
      randomStack(experts, 2 * intermediate, rank, 2);
  tensors[stack + "w2.lora_A.weight"] =
      randomStack(experts, rank, intermediate, 3);
  tensors[stack + "w2.lora_B.weight"] = randomMatrix(latent, rank, 4);
  writeAdapter(folder, config(rank, 1), tensors);
  return open(folder, Whole());
}

/// Every pair of the adapter is in its slot; there are `expected` of them.
void expectSlot(const Table &table, int slot, const Opened &opened,
                int expected) {
  int pairs = 0;
  Image image = table.published(slot);
  for (int layer : {0, 2})
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
      for (int e = 0; e < (p <= MOELORA_DOWN ? experts : 1); ++e) {
        Pair pair = readPair(opened.get(), layer, p, e);
        const moelora_pair *stored = image.pairs(layer, p);
        if (pair.info.rank == 0) {
          EXPECT_TRUE(!stored || stored[e].pages == 0);
          continue;
        }
        ++pairs;
        ASSERT_NE(stored, nullptr);
        expectPages<moelora::BF16>(pair, image, stored[e]);
      }
  EXPECT_EQ(pairs, expected);
}

} // namespace

TEST(SlotMix, all_forms_in_one_table) {
  Folder folders[5];
  Opened adapters[] = {plain(folders[0], 1, MOELORA_BF16),
                       transposed(folders[1], 3), sharedOuter(folders[2], 33),
                       plain(folders[3], 20, MOELORA_F32),
                       transposed(folders[4], 16)};
  const int pairs[] = {10, 9, 9, 10, 9};
  Target target{Whole()};
  moelora_slot_table_options options = tableOptions(5, MOELORA_BF16, 33);
  options.target = target.get();
  Table table(options);
  for (int slot = 0; slot < 5; ++slot) {
    ASSERT_EQ(adapters[slot].status, MOELORA_OK) << adapters[slot].text;
    int32_t id = -1;
    std::string name = "adapter" + std::to_string(slot);
    ASSERT_EQ(table.assign(name.c_str(), adapters[slot], id), MOELORA_OK)
        << table.text;
    ASSERT_EQ(id, slot);
  }
  for (int slot = 0; slot < 5; ++slot)
    expectSlot(table, slot, adapters[slot], pairs[slot]);
}
