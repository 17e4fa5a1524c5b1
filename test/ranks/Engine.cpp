/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Engine.h"

#include "../runtime/Memory.h"
#include "moelora/runtime/GroupSlots.h"
#include "moelora/runtime/GroupStep.h"

using namespace moelora::test;

namespace {

/// An adapter of one pair, whose values depend on the number.
struct NumberedAdapter {
  explicit NumberedAdapter(int number) {
    addPair(tensors, inLayer(0, "mlp.experts.1.up_proj"), 2, hidden,
            intermediate, unsigned(number));
    opened = openMemory(config(2, 4), describe(tensors));
  }
  Tensors tensors; // which the adapter reads
  Opened opened;
};
/// The first element of its A.
float firstValueOf(int number) {
  return randomMatrix(2, hidden, 2 * unsigned(number)).data[0];
}

} // namespace

void Engine::join(const moelora_transport &transport, int32_t deadline) {
  rank = transport.rank;
  ranks = transport.ranks;
  moelora_group_options options = {sizeof options, 0, 1, ranks, 1, deadline};
  moelora_group *made = nullptr;
  must(moelora_group_create, &transport,
       static_cast<const moelora_group_options *>(&options), &made);
  group.reset(made);
  std::vector<int64_t> tokens(size_t(ranks), 1);
  must(moelora_group_set_tokens, made,
       static_cast<const int64_t *>(tokens.data()));
  step = std::make_unique<Step>(table.table);
  must(moelora_step_join, step->step, made, uint32_t(MOELORA_AXIS_EP));
}

void Engine::leave() {
  step.reset();
  group.reset();
}

Outcome Engine::publish() {
  Outcome result = outcome(moelora_group_publish, group.get(), table.table,
                           staged, static_cast<const moelora_error *>(nullptr),
                           static_cast<moelora_stream *>(nullptr), &id);
  if (result.status == MOELORA_OK)
    staged = nullptr;
  return result;
}

void Engine::checkStep(int number) {
  int32_t slot = id & 3;
  for (int32_t peer = 0; peer < ranks; ++peer)
    expect(moelora_step_peer_numbers(step->step)[peer] == slot,
           "the token of peer rank " + std::to_string(peer) +
               " has another slot");
  Image image = step->word(slot).image();
  uint32_t a = image.pairs(0, MOELORA_UP)[1].a;
  expect(*static_cast<const float *>(image.at(a)) == firstValueOf(number),
         "the slot has another adapter");
}

Outcome Engine::serve(int number) {
  std::string name = "adapter " + std::to_string(number);
  NumberedAdapter adapter(number);
  must(moelora_slot_table_stage, table.table, name.c_str(), -1,
       static_cast<const moelora_adapter *>(adapter.opened.get()),
       static_cast<const moelora_staging *>(nullptr), &staged);
  Outcome result = publish();
  if (result.status != MOELORA_OK)
    return result;
  must(moelora_step_enter, step->step, static_cast<moelora_stream *>(nullptr));
  result.status = step->resolve({id});
  result.text = step->text;
  must(moelora_step_leave, step->step, static_cast<moelora_stream *>(nullptr));
  if (result.status != MOELORA_OK)
    return result;
  checkStep(number);
  if (number % 2)
    result = outcome(moelora_group_evict, group.get(), table.table, id,
                     static_cast<moelora_stream *>(nullptr));
  return result;
}

void Engine::reconcile() {
  int32_t published = -1;
  must(moelora_group_reconcile, group.get(), table.table, staged,
       static_cast<moelora_stream *>(nullptr), &published);
  if (published >= 0)
    staged = nullptr;
  moelora_staged_abandon(staged);
  staged = nullptr;
  uint64_t digest = 0;
  must(moelora_slot_table_digest, table.table, &digest);
  std::vector<uint64_t> all;
  all.resize(size_t(ranks));
  moelora_exchange_operand operand = {&digest, all.data(), sizeof digest, 0};
  moelora_exchange exchange = {};
  exchange.size = sizeof exchange;
  exchange.kind = MOELORA_EXCHANGE_ALL_GATHER;
  exchange.over = MOELORA_AXIS_EP;
  exchange.group = moelora_group_view_of(group.get());
  exchange.operand = &operand;
  exchange.operands = 1;
  must(moelora_group_run, group.get(),
       static_cast<const moelora_exchange *>(&exchange));
  for (uint64_t each : all)
    expect(each == digest, "the tables differ");
}
