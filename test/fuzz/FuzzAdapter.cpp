// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole adapter with a model: the sizes of the model's config.json, of
// adapter_config.json and of the data with 3 bytes each, then both texts, and
// the header of the adapter's safetensors file.

#include "Folder.h"
#include "moelora/models/AdapterTarget.h"
#include "moelora/runtime/SlotTable.h"

#include <vector>

using namespace moelora::fuzz;
using namespace moelora::models;

static void readPair(const moelora_adapter *adapter, int32_t layer,
                     int32_t projection, int32_t expert) {
  moelora_pair_info info = {};
  info.size = sizeof info;
  if (moelora_adapter_pair(adapter, layer, projection, expert, &info) !=
      MOELORA_OK)
    return;
  std::vector<float> a(info.in * info.rank), b(info.out * info.rank);
  if (moelora_adapter_read_a(adapter, layer, projection, expert, a.data(),
                             nullptr) != MOELORA_OK ||
      moelora_adapter_read_b(adapter, layer, projection, expert, b.data(),
                             nullptr) != MOELORA_OK)
    __builtin_trap(); // what opened is fully readable
}

static void readAll(const moelora_adapter *adapter,
                    const moelora_adapter_target &target) {
  // Some experts stand for all: one call reads a packed tensor to its end.
  constexpr int32_t most = 4;
  for (int32_t site = 0; site < target.sites && site < most; ++site)
    for (int32_t projection = 0; projection < MOELORA_PROJECTIONS; ++projection)
      for (int32_t expert = 0; expert < most; ++expert)
        readPair(adapter, target.site[site].layer, projection, expert);
}

/// Into pages of both orders, whole and a part.
static void stage(const moelora_adapter *adapter,
                  const moelora_adapter_target &target, int32_t order,
                  int32_t tpSize) {
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.target = &target;
  options.size = sizeof options;
  options.slots = 1;
  options.max_rank = 65536;
  options.dtype = MOELORA_BF16;
  options.page_order = order;
  options.tp_size = tpSize;
  moelora_slot_table *table = nullptr;
  // Sizes that do not divide are the only thing left to refuse.
  moelora_status status = moelora_slot_table_create(&options, &table, nullptr);
  if (status == MOELORA_INVALID && tpSize > 1)
    return;
  int32_t id;
  if (status != MOELORA_OK ||
      moelora_slot_table_assign(table, "x", adapter, nullptr, &id, nullptr) !=
          MOELORA_OK)
    __builtin_trap();
  moelora_slot_table_destroy(table, nullptr);
}

static void openAndRead(const Folder &folder,
                        const moelora_adapter_target &target) {
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  if (moelora_adapter_open(folder.path().c_str(), &target, nullptr, &adapter,
                           &error) == MOELORA_OK) {
    readAll(adapter, target);
    stage(adapter, target, MOELORA_PAGE_ROW_MAJOR, 1);
    stage(adapter, target, MOELORA_PAGE_FRAGMENT_MAJOR, 2);
  } else if (*moelora_error_text(error) == '\0') {
    __builtin_trap(); // refused without a word
  }
  moelora_error_free(error);
  moelora_adapter_close(adapter);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Folder folder;
  Input input(data, size);
  uint64_t modelSize = input.number(3), configSize = input.number(3);
  uint64_t zeros = input.number(3);
  std::string modelText(input.text(modelSize));
  moelora::models::Result<Model> model = parseModel(modelText, "config.json");
  if (!model)
    return 0;
  folder.write("adapter_config.json", input.text(configSize));
  writeSafetensors(folder, "adapter_model.safetensors", input.remaining(),
                   zeros);
  AdapterTarget target(*model);
  openAndRead(folder, target.get());
  return 0;
}
