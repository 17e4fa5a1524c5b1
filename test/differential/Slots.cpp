// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Slots.h"

namespace moelora::differential {
namespace {

/// A model whose last layer is that of a case. The names mean nothing.
struct OneLayer {
  explicit OneLayer(const moelora_layer &layer) {
    names.block = block;
    names.experts = experts;
    names.gate = gate;
    names.up = up;
    names.down = down;
    site.size = sizeof site;
    site.layer = Pages::layer;
    site.experts = layer.router.experts - layer.zero_experts;
    site.logits = layer.router.experts;
    site.zero_experts = layer.zero_experts;
    site.hidden = layer.hidden;
    site.latent = layer.latent;
    site.intermediate = layer.intermediate;
    site.shared = layer.shared;
    site.gated = layer.activation.gated;
    site.names = &names;
    target = {sizeof target, 1, &site, Pages::layer + 1, 0};
  }
  OneLayer(const OneLayer &) = delete;

  static constexpr const char *block[] = {"mlp", nullptr},
                              *experts[] = {"experts", nullptr},
                              *gate[] = {"gate_proj", nullptr},
                              *up[] = {"up_proj", nullptr},
                              *down[] = {"down_proj", nullptr};
  moelora_adapter_names names = {};
  moelora_adapter_site site = {};
  moelora_adapter_target target = {};
};

} // namespace

host::TableHandle publishZeros(const Case &c, const Data &data,
                               const moelora_facts &facts,
                               const moelora_device &device) {
  OneLayer model(c.layer);
  host::TableHandle table = host::makeTable(model.target, facts, &device);
  moelora_adapter *made = nullptr;
  host::call(moelora_adapter_make_dummy, &model.target, 1, &made);
  host::AdapterHandle zeros(made);
  const moelora_staging *none = nullptr;
  for (int32_t slot = 0; slot < facts.slots; ++slot) {
    int32_t id = -1;
    host::call(moelora_slot_table_assign, table.get(),
               std::to_string(slot).c_str(), zeros.get(), none, &id);
    if (id != slot)
      throw host::Error("expects a new table to fill slot " +
                        std::to_string(slot) + ", but its id is " +
                        std::to_string(id));
  }
  for (int32_t slot = 0; slot < facts.slots; ++slot)
    if (!data.problem().adapters[size_t(slot)])
      host::call(moelora_slot_table_evict, table.get(), slot);
  return table;
}

} // namespace moelora::differential
