// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slot tables for layers that were written by hand, with adapters of zeros, and
// steps of them.
#ifndef MOELORA_TEST_EXECUTE_SLOTTABLES_H
#define MOELORA_TEST_EXECUTE_SLOTTABLES_H

#include "Layers.h"

namespace moelora::test {

/// A model of one MoE layer, number 0, with the sizes of a variant.
struct OneLayerModel {
  explicit OneLayerModel(const moelora_facts &facts) {
    names.block = block;
    names.experts = experts;
    names.gate = gate;
    names.up = up;
    names.down = down;
    names.router = router;
    site.size = sizeof site;
    site.experts = facts.experts;
    site.logits = facts.logits;
    site.hidden = facts.hidden;
    site.latent = facts.width == facts.hidden ? 0 : facts.width;
    site.intermediate = facts.intermediate;
    site.shared = facts.shared;
    site.gated = 1;
    site.names = &names;
  }
  OneLayerModel(const OneLayerModel &) = delete;
  moelora_adapter_target target() const {
    return {sizeof(moelora_adapter_target), 1, &site, 1, 0};
  }

  static constexpr const char *block[] = {"mlp", nullptr},
                              *experts[] = {"experts", nullptr},
                              *gate[] = {"gate_proj", nullptr},
                              *up[] = {"up_proj", nullptr},
                              *down[] = {"down_proj", nullptr},
                              *router[] = {"gate", nullptr};
  moelora_adapter_names names = {};
  moelora_adapter_site site = {};
};

struct TableOf {
  explicit TableOf(const moelora_facts &facts,
                   const moelora_device *device = nullptr)
      : model(facts) {
    moelora_adapter_target target = model.target();
    options.size = sizeof options;
    options.slots = facts.slots;
    options.max_rank = facts.max_rank;
    options.dtype = facts.dtype;
    options.page_order = facts.page_order;
    options.shared_a = facts.shared_a;
    options.target = &target;
    options.device = device;
    EXPECT_EQ(errorOf(moelora_slot_table_create, &options, &table), "");
  }
  ~TableOf() { EXPECT_EQ(errorOf(moelora_slot_table_destroy, table), ""); }
  TableOf(const TableOf &) = delete;

  /// Loads an adapter of zeros, and returns its id.
  int32_t add(const char *name, int32_t rank = 16) {
    moelora_adapter_target target = model.target();
    moelora_adapter *adapter = nullptr;
    int32_t id = -1;
    EXPECT_EQ(errorOf(moelora_adapter_make_dummy, &target, rank, &adapter), "");
    EXPECT_EQ(errorOf(moelora_slot_table_assign, table, name, adapter,
                      static_cast<const moelora_staging *>(nullptr), &id),
              "");
    moelora_adapter_close(adapter);
    return id;
  }

  OneLayerModel model;
  moelora_slot_table_options options = {};
  moelora_slot_table *table = nullptr;
};

struct StepOf {
  explicit StepOf(moelora_slot_table *table, int64_t tokens = 64,
                  moelora_program *program = nullptr) {
    EXPECT_EQ(errorOf(moelora_step_create, table, program, tokens, &step), "");
  }
  ~StepOf() { EXPECT_EQ(errorOf(moelora_step_destroy, step), ""); }
  StepOf(const StepOf &) = delete;

  void enter(moelora_stream *stream = nullptr) {
    EXPECT_EQ(errorOf(moelora_step_enter, step, stream), "");
  }
  void leave(moelora_stream *stream = nullptr) {
    EXPECT_EQ(errorOf(moelora_step_leave, step, stream), "");
  }
  void resolve(const std::vector<int32_t> &ids,
               moelora_stream *stream = nullptr) {
    EXPECT_EQ(errorOf(moelora_step_resolve, step, stream, ids.data(),
                      int64_t(ids.size()),
                      static_cast<const int32_t *>(nullptr)),
              "");
  }

  moelora_step *step = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_SLOTTABLES_H
