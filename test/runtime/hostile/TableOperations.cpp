/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The operations of a slot table while steps use it.
 */
#include "TableText.h"
#include "World.h"

#include <gtest/gtest.h>

namespace moelora::test {

namespace {

void makePool(World &w) {
  EXPECT_EQ(moelora_pool_create(2, &w.pool, nullptr), MOELORA_OK);
  moelora_services_init(w.pool, &w.services);
}

void fill(World &w) {
  EXPECT_EQ(w.assign("third", w.inputs.adapter.get(), nullptr, nullptr),
            MOELORA_OK);
}

moelora_status replace(World &w, int32_t id, moelora_stream *stream,
                       moelora_error **error) {
  return moelora_slot_table_replace(w.table, id, w.inputs.other.get(), nullptr,
                                    stream, error);
}

/// Separate slots, so that they contain nothing else.
moelora_status createTable(World &w, moelora_error **error) {
  moelora_slot_table_options options{};
  options.size = sizeof options;
  options.slots = 40;
  options.max_rank = 16;
  options.dtype = MOELORA_F32;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.device = &w.faulty.device;
  options.target = &w.target;
  return moelora_slot_table_create(&options, &w.secondTable, error);
}

moelora_status assignInParallel(World &w, moelora_error **error) {
  moelora_staging staging{};
  staging.size = sizeof staging;
  staging.services = &w.services;
  staging.order = MOELORA_STAGING_LAYER_ORDER;
  return w.assign("new", w.inputs.other.get(), &staging, error);
}

moelora_status enter(World &w, moelora_error **error) {
  moelora_status status = moelora_step_enter(w.step, w.stream, error);
  w.inside = w.inside || status == MOELORA_OK;
  return status;
}

moelora_status leave(World &w, moelora_error **error) {
  moelora_status status = moelora_step_leave(w.step, w.stream, error);
  w.inside = w.inside && status != MOELORA_OK;
  return status;
}

/// Repeated until the table has the events that steps use in turn, and streams
/// have the memory for their work.
void passOften(World &w) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(enter(w, nullptr), MOELORA_OK);
    EXPECT_EQ(leave(w, nullptr), MOELORA_OK);
    if (i % 10 == 0)
      w.awaitStores();
  }
  w.describe(); // waits for all of it
}

void enterNow(World &w) {
  passOften(w);
  EXPECT_EQ(enter(w, nullptr), MOELORA_OK);
}

moelora_status publishAt(World &w, moelora_error **error) {
  moelora_staged *staged = nullptr;
  moelora_status status = moelora_slot_table_stage(
      w.table, "new", -1, w.inputs.other.get(), nullptr, &staged, error);
  if (status != MOELORA_OK)
    return status;
  int32_t id = -1;
  status = moelora_slot_table_publish_at(w.table, staged, 2, 7, w.stream, &id,
                                         error);
  if (status != MOELORA_OK)
    moelora_staged_abandon(staged);
  return status;
}

void prepareLayer(World &w) {
  static LayerRun layer;
  layer.prepare(w.table, {w.firstId, -1, w.secondId, 77});
  w.layer = &layer;
}

} // namespace

std::vector<Operation> tableOperations() {
  return {
      {"create a table", nullptr, createTable},
      {"assign", nullptr,
       [](World &w, moelora_error **error) {
         return w.assign("new", w.inputs.other.get(), nullptr, error);
       }},
      {"assign, evicting", fill,
       [](World &w, moelora_error **error) {
         return w.assign("new", w.inputs.other.get(), nullptr, error);
       }},
      {"assign in parallel", makePool, assignInParallel},
      {"replace", nullptr,
       [](World &w, moelora_error **error) {
         return replace(w, w.secondId, nullptr, error);
       }},
      {"replace what is leased", nullptr,
       [](World &w, moelora_error **error) {
         return replace(w, w.firstId, nullptr, error);
       }},
      {"replace on a stream", nullptr,
       [](World &w, moelora_error **error) {
         return replace(w, w.firstId, w.stream, error);
       }},
      {"disable", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_slot_table_enable(w.table, w.firstId, 0, w.stream,
                                          error);
       }},
      {"evict", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_slot_table_evict(w.table, w.secondId, error);
       }},
      {"evict at", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_slot_table_evict_at(w.table, 1, 5, w.stream, error);
       }},
      {"publish at", nullptr, publishAt},
      {"reset",
       [](World &w) {
         EXPECT_EQ(moelora_slot_table_release(w.table, &w.lease, nullptr),
                   MOELORA_OK);
         w.describe(); // waits for what is still before the release
       },
       [](World &w, moelora_error **error) {
         return moelora_slot_table_reset(w.table, error);
       },
       true},
  };
}

/// The calls of engines for each batch, and reading statistics.
std::vector<Operation> servingOperations() {
  return {
      {"read statistics", nullptr,
       [](World &w, moelora_error **error) {
         moelora_slot_table_stats stats{};
         stats.size = sizeof stats;
         return moelora_slot_table_read_stats(w.table, &stats, error);
       }},
      {"acquire", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_slot_table_acquire(w.table, "second", &w.secondLease,
                                           error);
       }},
      {"release", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_slot_table_release(w.table, &w.lease, error);
       }},
      {"create a step", nullptr,
       [](World &w, moelora_error **error) {
         return moelora_step_create(w.table, nullptr, 3, &w.secondStep, error);
       }},
      {"enter a step", nullptr, enter},
      {"enter a step again", passOften, enter},
      {"leave a step", enterNow, leave, false, true},
      {"resolve and run a layer", prepareLayer,
       [](World &w, moelora_error **error) { return w.layer->run(error); }},
  };
}

const std::vector<Operation> &operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> all = tableOperations();
    for (auto more : {servingOperations(), adapterOperations()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return all;
}

} // namespace moelora::test
