// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Data.h"

#include <random>

using namespace moelora::reference;

Elements random(int64_t count, double range, unsigned seed) {
  std::mt19937 engine(seed);
  Elements values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    store(MOELORA_BF16, values.data(), i,
          range * (double(engine()) / 2147483648.0 - 1));
  return values;
}

void *alignedTo256(void *memory) {
  return reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(memory) + 255) /
                                  256 * 256);
}

Weights::Weights(LayerSizes sizes, unsigned seed)
    : sizes(sizes), router(random(sizes.experts * Hidden, 1, seed)),
      gateUp(random(sizes.experts * 2 * sizes.intermediate * Hidden, 0.25,
                    seed + 10)),
      down(random(sizes.experts * Hidden * sizes.intermediate, 0.25,
                  seed + 20)) {}

std::tuple<MemRef<3>, MemRef<4>, MemRef<3>> Weights::memRefs() {
  auto [e, i] = sizes;
  return {describe<3>(router.data(), {1, e, Hidden}),
          describe<4>(gateUp.data(), {e, 2, i, Hidden}),
          describe<3>(down.data(), {e, Hidden, i})};
}

void Weights::giveTo(Problem &problem) const {
  problem.operand[MOELORA_ROUTER_WEIGHT] = {MOELORA_BF16, router.data()};
  problem.operand[MOELORA_GATE_UP_WEIGHT] = {MOELORA_BF16, gateUp.data()};
  problem.operand[MOELORA_DOWN_WEIGHT] = {MOELORA_BF16, down.data()};
}

static const char *const block[] = {"mlp", nullptr},
                         *const experts[] = {"experts", nullptr},
                         *const gate[] = {"gate_proj", nullptr},
                         *const up[] = {"up_proj", nullptr},
                         *const down[] = {"down_proj", nullptr};

Adapters::Adapters() {
  modules.block = block;
  modules.experts = experts;
  modules.gate = gate;
  modules.up = up;
  modules.down = down;
  for (int layer = 0; layer < 2; ++layer) {
    auto [count, intermediate] = layerSizes[layer];
    moelora_adapter_site &site = sites[layer];
    site.size = sizeof site;
    site.layer = layer;
    site.experts = int32_t(count);
    site.hidden = Hidden;
    site.intermediate = intermediate;
    site.gated = 1;
    site.names = &modules;
    for (int tenant = 0; tenant < Tenants; ++tenant)
      for (int64_t e = tenant; e < count; ++e) { // bob lacks an expert
        std::string at = "base_model.model.model.layers." +
                         std::to_string(layer) + ".mlp.experts." +
                         std::to_string(e) + ".";
        addPair(tenant, at + "gate_proj", Hidden, intermediate);
        addPair(tenant, at + "up_proj", Hidden, intermediate);
        addPair(tenant, at + "down_proj", intermediate, Hidden);
      }
  }
}

void Adapters::addPair(int tenant, const std::string &module, int64_t in,
                       int64_t out) {
  addTensor(tenant, module + ".lora_A.weight", Rank, in, 0.25);
  addTensor(tenant, module + ".lora_B.weight", out, Rank, 0.5);
}

void Adapters::addTensor(int tenant, const std::string &name, int64_t rows,
                         int64_t columns, double range) {
  names.push_back(name);
  elements.push_back(
      random(rows * columns, range, 100 + unsigned(elements.size())));
  moelora_tensor_data tensor = {};
  tensor.name = names.back().c_str();
  tensor.dtype = MOELORA_BF16;
  tensor.dims = 2;
  tensor.shape[0] = rows;
  tensor.shape[1] = columns;
  tensor.data = elements.back().data();
  tensors[tenant].push_back(tensor);
}

moelora_adapter_target Adapters::target() const {
  return {sizeof(moelora_adapter_target), 2, sites, 2, 0};
}

moelora_slot_table *Adapters::makeTable(moelora_error *&error) {
  static const char config[] =
      R"({"peft_type": "LORA", "r": 4, "lora_alpha": 8,
          "target_modules": ["gate_proj", "up_proj", "down_proj"]})";
  moelora_adapter_target model = target();
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.slots = 4;
  options.max_rank = 16;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.target = &model;
  moelora_slot_table *table = nullptr;
  if (moelora_slot_table_create(&options, &table, &error))
    return nullptr;
  for (int tenant = 0; tenant < Tenants; ++tenant)
    if (moelora_adapter_open_memory(config, tensors[tenant].data(),
                                    int64_t(tensors[tenant].size()), &model,
                                    nullptr, &adapters[tenant], &error) ||
        moelora_slot_table_assign(table, tenant ? "bob" : "alice",
                                  adapters[tenant], nullptr, &ids[tenant],
                                  &error))
      return nullptr;
  return table;
}

Adapter Adapters::read(int tenant, int layer) {
  Adapter result;
  auto [count, intermediate] = layerSizes[layer];
  for (int projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
    for (int32_t e = 0; e < count; ++e) {
      LoraPair pair;
      moelora_pair_info info = {};
      info.size = sizeof info;
      if (!moelora_adapter_pair(adapters[tenant], layer, projection, e,
                                &info)) {
        std::vector<float> &a = pairs.emplace_back(info.rank * info.in);
        std::vector<float> &b = pairs.emplace_back(info.out * info.rank);
        moelora_adapter_read_a(adapters[tenant], layer, projection, e, a.data(),
                               nullptr);
        moelora_adapter_read_b(adapters[tenant], layer, projection, e, b.data(),
                               nullptr);
        pair = {{MOELORA_F32, a.data(), info.rank, info.in, info.in},
                {MOELORA_F32, b.data(), info.out, info.rank, info.rank},
                info.scale};
      }
      result.pairs[size_t(projection)].push_back(pair);
    }
  return result;
}
