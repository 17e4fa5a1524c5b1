/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Peer ranks as threads of this process, each with a slot table.
 */
#ifndef MOELORA_TEST_RANKS_RANKS_H
#define MOELORA_TEST_RANKS_RANKS_H

#include "Rank.h"

#include <thread>

namespace moelora::test {

/// All of them, in a grid.
class Ranks {
public:
  explicit Ranks(int count, int slots = 3, int dp = 1);
  ~Ranks() { disband(); }
  Ranks(const Ranks &) = delete;

  Rank &operator[](int number) { return *ranks[size_t(number)]; }
  int count() const { return int(ranks.size()); }

  /// Runs the same call on each, as threads. The results are by peer rank.
  template <typename Body> std::vector<Outcome> all(Body body) {
    std::vector<Outcome> results(ranks.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < ranks.size(); ++i)
      threads.emplace_back([&, i] { results[i] = body(*ranks[i]); });
    for (std::thread &thread : threads)
      thread.join();
    return results;
  }
  /// The result that all have in common.
  template <typename Body> Outcome same(Body body) {
    std::vector<Outcome> results = all(body);
    for (const Outcome &each : results) {
      EXPECT_EQ(each.status, results[0].status) << each.text;
      EXPECT_EQ(each.text, results[0].text);
    }
    return results[0];
  }

  void stage(const char *name, const Opened &adapter) {
    for (auto &rank : ranks)
      EXPECT_EQ(rank->stage(name, adapter).status, MOELORA_OK);
  }
  Outcome publish() {
    return same([](Rank &rank) { return rank.publish(); });
  }
  Outcome evict(int32_t id) {
    return same([=](Rank &rank) { return rank.evict(id); });
  }
  Outcome reconcile() {
    return same([](Rank &rank) { return rank.reconcile(); });
  }
  /// Stages and publishes an adapter, which must succeed. Returns its id.
  int32_t add(const char *name, const Opened &adapter);
  /// Whether all tables have the same digest.
  bool equal() const;

  /// A peer rank ends, and the others make a new group.
  void lose(int number);
  /// Makes a new group of all, as an engine does after an error.
  void regroup();

private:
  void disband();

  std::vector<std::unique_ptr<Rank>> ranks;
  int dp;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RANKS_RANKS_H
