/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Ranks.h"

using namespace moelora::test;

Interrupted::Interrupted(const moelora_transport &inner)
    : inner(inner), transport(inner) {
  transport.context = this;
  transport.all_gather_v = gather;
  transport.split = [](void *context, int32_t colour, int32_t key,
                       int64_t timeout, const moelora_transport **subgroup,
                       moelora_error **error) {
    const moelora_transport &to = static_cast<Interrupted *>(context)->inner;
    return to.split(to.context, colour, key, timeout, subgroup, error);
  };
  transport.abort = [](void *context) {
    const moelora_transport &to = static_cast<Interrupted *>(context)->inner;
    to.abort(to.context);
  };
}

moelora_status Interrupted::gather(void *context, const void *send,
                                   void *receive, const uint64_t *bytes,
                                   int64_t timeout, moelora_error **error) {
  Interrupted &self = *static_cast<Interrupted *>(context);
  bool fails = self.left-- == 0;
  if (fails && self.instead) {
    self.instead();
    fails = false;
  }
  if (!fails || self.after) {
    moelora_status status = self.inner.all_gather_v(
        self.inner.context, send, receive, bytes, timeout, error);
    if (!fails || status != MOELORA_OK)
      return status;
  }
  return moelora_error_make(error, MOELORA_PEER_LOST, "a loss for the test");
}

Ranks::Ranks(int count, int slots, int dp) : dp(dp) {
  for (int number = 0; number < count; ++number)
    ranks.push_back(std::make_unique<Rank>(number, slots));
  regroup();
}

int32_t Ranks::add(const char *name, const Opened &adapter) {
  stage(name, adapter);
  EXPECT_EQ(publish().text, "");
  for (auto &rank : ranks)
    EXPECT_EQ(rank->id, ranks[0]->id);
  return ranks[0]->id;
}

bool Ranks::equal() const {
  for (const auto &rank : ranks)
    if (rank->digest() != ranks[0]->digest())
      return false;
  return true;
}

void Ranks::lose(int number) {
  disband();
  ranks.erase(ranks.begin() + number);
  for (size_t i = 0; i < ranks.size(); ++i)
    ranks[i]->number = int(i);
  regroup();
}

void Ranks::regroup() {
  disband();
  std::vector<const moelora_transport *> transports(ranks.size());
  must(moelora_loopback_open, count(), transports.data());
  for (size_t i = 0; i < ranks.size(); ++i)
    ranks[i]->transport = std::make_unique<Interrupted>(*transports[i]);
  std::vector<Outcome> made = all([&](Rank &rank) {
    moelora_group_options options = {sizeof options, 0, dp, 1, count() / dp, 0};
    moelora_group *group = nullptr;
    Outcome result =
        outcome(moelora_group_create, &rank.transport->get(),
                static_cast<const moelora_group_options *>(&options), &group);
    rank.group.reset(group);
    return result;
  });
  for (const Outcome &each : made)
    EXPECT_EQ(each.text, "");
}

void Ranks::disband() {
  for (auto &rank : ranks)
    rank->group.reset();
  for (auto &rank : ranks)
    rank->transport.reset();
}
