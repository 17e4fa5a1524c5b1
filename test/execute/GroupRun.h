// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer of two peer ranks, written by hand.
#ifndef MOELORA_TEST_EXECUTE_GROUPRUN_H
#define MOELORA_TEST_EXECUTE_GROUPRUN_H

#include "CheckedArtifact.h"
#include "CopyRun.h"

#include "moelora/runtime/Group.h"

#include <thread>

namespace moelora::test {

/// Sums the hidden rows of the peer ranks over tp.
inline int32_t sumOverTp(const moelora_run_args *args) {
  moelora_exchange_operand operand = {args->operand[0], args->operand[1],
                                      CopyRun::Width * sizeof(float), 0};
  moelora_exchange exchange = {};
  exchange.size = sizeof exchange;
  exchange.kind = MOELORA_EXCHANGE_REDUCE;
  exchange.over = MOELORA_AXIS_TP;
  exchange.group = args->group;
  exchange.operand = &operand;
  exchange.operands = 1;
  const moelora_services *services = args->services;
  return services->collective(services->context, args->on, &exchange)
             ? MOELORA_RUN_COLLECTIVE
             : MOELORA_RUN_OK;
}

/// Two peer ranks, each with a group.
struct GroupRun : CheckedArtifact {
  GroupRun() {
    variant.services = MOELORA_SERVICE_COLLECTIVE;
    entries[MOELORA_ENTRY_ALL].run = sumOverTp;
    EXPECT_EQ(errorOf(moelora_loopback_open, 2, transports), "");
    std::thread other([&] { make(1); });
    make(0);
    other.join();
    EXPECT_EQ(errorOf(moelora_program_create, &artifact,
                      static_cast<const char *>(nullptr), moelora_device_cpu(),
                      static_cast<const moelora_services *>(nullptr), &program),
              "");
  }
  ~GroupRun() override {
    for (moelora_bound_layer *layer : layers)
      moelora_layer_unbind(layer, nullptr);
    moelora_program_destroy(program, nullptr);
    for (size_t rank = 0; rank < 2; ++rank) {
      EXPECT_EQ(moelora_group_destroy(groups[rank], nullptr), MOELORA_OK);
      moelora_transport_close(transports[rank]);
    }
  }
  void make(size_t rank) {
    moelora_group_options options = {sizeof options, 0, 1, 1, 2, 2000};
    const int64_t tokens[] = {CopyRun::Tokens, CopyRun::Tokens};
    EXPECT_EQ(errorOf(moelora_group_create, transports[rank], &options,
                      &groups[rank]),
              "");
    EXPECT_EQ(errorOf(moelora_group_reserve, groups[rank], CopyRun::Tokens,
                      uint64_t(CopyRun::Width * sizeof(float))),
              "");
    EXPECT_EQ(errorOf(moelora_group_set_tokens, groups[rank], tokens), "");
  }
  std::string bind(size_t rank, moelora_group *group,
                   moelora_slot_table *table = nullptr) {
    moelora_binding binding = copies[rank].bound.weights.binding(table);
    binding.group = group;
    return errorOf(moelora_layer_bind, program, &binding, &layers[rank]);
  }
  std::string run(size_t rank) {
    return errorOf(moelora_layer_run, layers[rank], &copies[rank].run);
  }

  const moelora_transport *transports[2] = {};
  moelora_group *groups[2] = {};
  moelora_program *program = nullptr;
  moelora_bound_layer *layers[2] = {};
  CopyRun copies[2];
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_GROUPRUN_H
