// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ChosenAdapters.h"
#include "Ranks.h"

static const char *const block[] = {"mlp", nullptr},
                         *const experts[] = {"experts", nullptr},
                         *const shared[] = {"shared_expert", nullptr},
                         *const gate[] = {"gate_proj", nullptr},
                         *const up[] = {"up_proj", nullptr},
                         *const down[] = {"down_proj", nullptr};

static const char config[] =
    R"({"peft_type": "LORA", "r": 4, "lora_alpha": 8,
        "target_modules": ["gate_proj", "up_proj", "down_proj"]})";

ChosenAdapters::ChosenAdapters() {
  modules.block = block;
  modules.experts = experts;
  modules.gate = modules.shared_gate = gate;
  modules.up = modules.shared_up = up;
  modules.down = modules.shared_down = down;
  modules.shared = shared;
  site.size = sizeof site;
  site.experts = Experts;
  site.hidden = Hidden;
  site.intermediate = Intermediate;
  site.shared = Shared;
  site.gated = 1;
  site.names = &modules;
  moelora_adapter_target model = target();
  for (int tenant = 0; tenant < 2; ++tenant) {
    std::string mlp = "base_model.model.model.layers.0.mlp.";
    for (int64_t e = tenant; e < Experts; ++e) // the second lacks an expert
      addPair(tenant, mlp + "experts." + std::to_string(e) + ".", Hidden,
              Intermediate);
    addPair(tenant, mlp + "shared_expert.", Hidden, Shared);
    must(moelora_adapter_open_memory(config, tensors[tenant].data(),
                                     int64_t(tensors[tenant].size()), &model,
                                     nullptr, &adapters[tenant], &error),
         error);
  }
}

/// The pairs of one expert.
void ChosenAdapters::addPair(int tenant, const std::string &module, int64_t in,
                             int64_t out) {
  for (const char *name : {"gate_proj", "up_proj", "down_proj"}) {
    addTensor(tenant, module + name + ".lora_A.weight", Rank, in, 0.25);
    addTensor(tenant, module + name + ".lora_B.weight", out, Rank, 0.5);
    if (name == std::string("up_proj"))
      std::swap(in, out);
  }
}

void ChosenAdapters::addTensor(int tenant, const std::string &name,
                               int64_t rows, int64_t columns, double range) {
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

moelora_slot_table *ChosenAdapters::makeTable(const Parts &parts) {
  moelora_adapter_target model = target();
  int64_t count = Experts / parts.experts.of;
  std::vector<int32_t> own;
  for (int64_t e = 0; e < count; ++e)
    own.push_back(int32_t(parts.experts.number * count + e));
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.slots = 4;
  options.max_rank = 16;
  options.dtype = MOELORA_BF16;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.target = &model;
  options.experts = own.data();
  options.expert_count = int32_t(count);
  options.tp_rank = int32_t(parts.columns.number);
  options.tp_size = int32_t(parts.columns.of);
  options.shared_rank = int32_t(parts.shared().number);
  options.shared_size = int32_t(parts.shared().of);
  moelora_slot_table *table = nullptr;
  must(moelora_slot_table_create(&options, &table, &error), error);
  for (int tenant = 0; tenant < 2; ++tenant)
    must(moelora_slot_table_assign(table, tenant ? "bob" : "alice",
                                   adapters[tenant], nullptr, &ids[tenant],
                                   &error),
         error);
  return table;
}
