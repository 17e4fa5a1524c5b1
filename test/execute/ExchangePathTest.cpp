// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What exchanges of a group cost besides their mathematics.

#include "Counted.h"
#include "Layers.h"

#include "moelora/runtime/Group.h"

#include <thread>

using namespace moelora::test;

namespace {

/// The groups of two threads, in which each has three rows.
struct TwoGroups {
  TwoGroups() {
    EXPECT_EQ(errorOf(moelora_loopback_open, 2, transports), "");
    onBoth([this](size_t rank) {
      const int64_t tokens[] = {3, 3};
      moelora_group_options options = {sizeof options, 0, 1, 1, 2, 0};
      EXPECT_EQ(errorOf(moelora_group_create, transports[rank], &options,
                        &groups[rank]),
                "");
      EXPECT_EQ(errorOf(moelora_group_reserve, groups[rank], int64_t(3),
                        uint64_t(16)),
                "");
      EXPECT_EQ(errorOf(moelora_group_set_tokens, groups[rank], tokens), "");
    });
  }
  ~TwoGroups() {
    for (size_t rank = 0; rank < 2; ++rank) {
      moelora_group_destroy(groups[rank], nullptr);
      moelora_transport_close(transports[rank]);
    }
  }
  template <typename Body> static void onBoth(Body body) {
    std::thread other([&] { body(1); });
    body(0);
    other.join();
  }
  void exchange(int times) {
    onBoth([this, times](size_t rank) {
      float in[24] = {}, out[24] = {};
      moelora_exchange_operand rows[] = {{in, out, 8, 0}, {in, out + 12, 4, 0}};
      moelora_exchange exchange = {};
      exchange.size = sizeof exchange;
      exchange.over = MOELORA_AXIS_TP;
      exchange.group = moelora_group_view_of(groups[rank]);
      exchange.operand = rows;
      for (int i = 0; i < 2 * times; ++i) {
        exchange.kind =
            i % 2 ? MOELORA_EXCHANGE_REDUCE : MOELORA_EXCHANGE_ALL_GATHER;
        exchange.operands = i % 2 ? 1 : 2;
        EXPECT_EQ(moelora_group_run(groups[rank], &exchange, nullptr),
                  MOELORA_OK);
      }
    });
  }

  const moelora_transport *transports[2] = {};
  moelora_group *groups[2] = {};
};

/// Both kinds of exchanges, between two threads.
TEST(ExchangePath, AllocatesNothing) {
  TwoGroups groups;
  Costs counted = costsOf([&] { groups.exchange(1); });
  Costs more = costsOf([&] { groups.exchange(50); });
  EXPECT_EQ(more.allocations, counted.allocations); // those of a thread
}

} // namespace
