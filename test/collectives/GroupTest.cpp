// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What groups and the loopback refuse, and that a group is then unusable.

#include "Peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// A group of one peer rank with three tokens, and an exchange of it.
struct Group : testing::Test {
  Group() {
    must(moelora_loopback_open, 1, &transport);
    create();
    exchange.size = sizeof exchange;
    exchange.kind = MOELORA_EXCHANGE_REDUCE;
    exchange.group = moelora_group_view_of(group);
    exchange.operand = &operand;
    exchange.operands = 1;
  }
  ~Group() override {
    moelora_group_destroy(group, nullptr);
    moelora_transport_close(transport);
  }
  void create() {
    group = nullptr;
    must(moelora_group_create, transport,
         static_cast<const moelora_group_options *>(&options), &group);
    must(moelora_group_reserve, group, int64_t(3), uint64_t(8));
    must(moelora_group_set_tokens, group, static_cast<const int64_t *>(&three));
  }
  std::string createError() {
    moelora_group *other = nullptr;
    Outcome made =
        outcome(moelora_group_create, transport,
                static_cast<const moelora_group_options *>(&options), &other);
    EXPECT_EQ(other, nullptr);
    return made.text;
  }
  std::string error() {
    return outcome(moelora_group_run, group,
                   static_cast<const moelora_exchange *>(&exchange))
        .text;
  }

  const int64_t three = 3;
  const moelora_transport *transport = nullptr;
  moelora_group_options options = {sizeof options, 0, 1, 1, 1, 0};
  moelora_group *group = nullptr;
  float rows[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  moelora_exchange_operand operand = {rows, rows, 8, 0};
  moelora_exchange exchange = {};
};

TEST_F(Group, IsAGridOfAllPeerRanks) {
  options.ep = 2;
  EXPECT_EQ(createError(), "expects a grid dp x ep x tp of the 1 peer ranks of "
                           "the transport, but it is 1 x 2 x 1");
  options.ep = 0;
  EXPECT_EQ(createError(), "expects the sizes of a grid dp x ep x tp to be at "
                           "least 1, but it is 1 x 0 x 1");
  options.dp = options.ep = options.tp = 2147483647;
  EXPECT_THAT(createError(), HasSubstr("2147483647 x 2147483647"));
}

TEST_F(Group, HasADeadline) {
  EXPECT_EQ(outcome(moelora_group_set_deadline, group, 0).text,
            "expects a deadline of at least 1 ms, but it is 0");
  options.deadline_ms = -5;
  EXPECT_EQ(createError(), "expects a deadline of at least 1 ms, but it is -5");
}

TEST_F(Group, HasCountableTokens) {
  for (int64_t tokens : {int64_t(-1), int64_t(1) << 31}) {
    const int64_t *address = &tokens;
    EXPECT_THAT(outcome(moelora_group_set_tokens, group, address).text,
                HasSubstr("to be in [0, 2147483647], but they are " +
                          std::to_string(tokens)));
    EXPECT_NE(outcome(moelora_group_share_tokens, group, tokens).text, "");
  }
  // These arguments are refused before anything is sent.
  EXPECT_EQ(error(), "");
  EXPECT_EQ(
      outcome(moelora_group_reserve, group, int64_t(1) << 30, uint64_t(1) << 40)
          .status,
      MOELORA_OUT_OF_MEMORY);
}

TEST_F(Group, KeepsTheRowsOfOnePeerRank) {
  EXPECT_EQ(error(), "");
  for (size_t i = 0; i < 8; ++i)
    EXPECT_EQ(rows[i], float(i + 1));
}

TEST_F(Group, IsUnusableAfterAnError) {
  exchange.kind = 7;
  EXPECT_EQ(error(), "expects an exchange of kind 1 or 2, but it is 7");
  exchange.kind = MOELORA_EXCHANGE_REDUCE;
  EXPECT_EQ(error(), "the group is unusable since an error: expects an "
                     "exchange of kind 1 or 2, but it is 7");
  Outcome health =
      outcome(moelora_group_health, static_cast<const moelora_group *>(group));
  EXPECT_EQ(health.status, MOELORA_UNSUPPORTED);
}

/// One wrong exchange, and what is said of it.
struct Wrong {
  const char *name;
  void (*make)(Group &);
  const char *text;
};

void PrintTo(const Wrong &wrong, std::ostream *to) { *to << wrong.name; }

struct WrongExchanges : Group, testing::WithParamInterface<Wrong> {};

TEST_P(WrongExchanges, AreRefused) {
  GetParam().make(*this);
  EXPECT_EQ(error(), GetParam().text);
}

const Wrong wrongs[] = {
    {"axes", [](Group &g) { g.exchange.over = 8; },
     "expects the axes of an exchange to be at most 7, but they are 8"},
    {"keep", [](Group &g) { g.exchange.over = 2, g.exchange.keep = 6; },
     "expects the axes keep of an exchange to be among its axes over, but they "
     "are 6 and 2"},
    {"gather_plus",
     [](Group &g) {
       g.exchange.kind = MOELORA_EXCHANGE_ALL_GATHER;
       g.exchange.plus = g.rows;
     },
     "expects an all-gather without keep and plus, but it has one of them"},
    {"operands", [](Group &g) { g.exchange.operands = 2; },
     "expects a reduction of one operand, but it has 2"},
    {"operand", [](Group &g) { g.exchange.operand = nullptr; },
     "expects the operands of an exchange, but it is NULL"},
    {"chunk", [](Group &g) { g.exchange.first_row = -1; },
     "expects a chunk of rows from 0 on, but it begins at -1 and has at most "
     "0"},
    {"reserved", [](Group &g) { g.exchange.reserved = 3; },
     "expects the reserved field of an exchange to be 0, but it is 3"},
    {"group", [](Group &g) { g.exchange.group = nullptr; },
     "expects an exchange of this group, but it is of another one"},
    {"size", [](Group &g) { g.exchange.size = 8; },
     "expects the size of an exchange to be from 72 to 65536, as sizeof says, "
     "but it is 8"},
    {"width", [](Group &g) { g.operand.row_bytes = 6; },
     "expects rows of f32 in a reduction, but they have 6 bytes"},
    {"pitch", [](Group &g) { g.operand.pitch = 16; },
     "expects the rows of a reduction to be contiguous, but their pitch is 16"},
    {"small_pitch",
     [](Group &g) {
       g.exchange.kind = MOELORA_EXCHANGE_ALL_GATHER;
       g.operand.pitch = 4;
     },
     "expects a pitch of at least the 8 bytes of a row, but it is 4"},
    {"input", [](Group &g) { g.operand.in = nullptr; },
     "expects the input of a reduction of 3 rows, but its address is NULL"},
    {"alignment",
     [](Group &g) { g.operand.out = reinterpret_cast<char *>(g.rows) + 2; },
     "expects the output of a reduction at a multiple of 4 bytes, but its "
     "address is no such multiple"},
    {"memory", [](Group &g) { g.operand.row_bytes = 12; },
     "expects a group with memory for 3 rows of 12 bytes, but what is reserved "
     "is for 3 rows of 8 bytes"},
};

INSTANTIATE_TEST_SUITE_P(Group, WrongExchanges, testing::ValuesIn(wrongs),
                         [](const auto &info) { return info.param.name; });

} // namespace
