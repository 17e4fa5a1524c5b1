/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A table cannot be copied: each state is reached anew, by doing all that leads
 * to it. Of a state that has been met, 128 bits of a hash and the way to it are
 * kept. All states of one depth are worked on before those of the next.
 */
#include "Explorer.h"

#include "Actions.h"
#include "Canonical.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_set>

using namespace moelora;
using namespace moelora::test;

namespace {

struct Key {
  uint64_t low, high;
  bool operator==(const Key &other) const {
    return low == other.low && high == other.high;
  }
};

struct KeyHash {
  size_t operator()(const Key &key) const { return key.low; }
};

uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 32) * 0xd6e8feb86659fd93u; // an odd number with random bits
  return x ^ x >> 32;
}

Key keyOf(const World &world) {
  Key key = {1, 2}; // two hashes that start differently
  for (char c : canonical(world)) {
    auto byte = static_cast<unsigned char>(c);
    key.low = mixed(key.low * 257 + byte);
    key.high = mixed(key.high * 263 + byte);
  }
  return key;
}

/// How a state was met first.
struct Origin {
  uint32_t from;
  Action action;
};

/// The result of an action in a state.
struct Outcome {
  Action action = {};
  Key key = {};
  uint32_t full = 0, busy = 0, late = 0;
  std::string broken;
};

class Explorer {
public:
  Explorer(const Bounds &bounds, size_t limit, size_t threads)
      : bounds(bounds), limit(limit), threads(threads) {
    origins.push_back({0, {}});
  }

  Exploration explore() {
    size_t first = 0;
    while (first < origins.size() && !isDone()) {
      size_t last = origins.size();
      for (; first < last && !isDone(); first += share)
        expand(first, std::min(first + share, last));
      first = std::min(first, last);
      ++all.depth;
    }
    all.states = origins.size();
    all.closed = first >= origins.size() && all.broken.empty();
    return std::move(all);
  }

private:
  /// So many states are worked on between looks at what was met.
  static constexpr size_t share = 512;

  bool isDone() const { return origins.size() >= limit || !all.broken.empty(); }

  std::vector<Action> wayTo(size_t state) const {
    std::vector<Action> way;
    for (; state; state = origins[state].from)
      way.push_back(origins[state].action);
    std::reverse(way.begin(), way.end());
    return way;
  }

  void expand(size_t first, size_t last) {
    std::vector<std::vector<Outcome>> outcomes(last - first);
    std::atomic<size_t> next{first};
    auto work = [&] {
      Ground ground;
      for (size_t state; (state = next++) < last;)
        outcomes[state - first] = tryAll(ground, state);
    };
    std::vector<std::thread> others;
    for (size_t i = 1; i < threads; ++i)
      others.emplace_back(work);
    work();
    for (std::thread &other : others)
      other.join();
    for (size_t state = first; state < last && !isDone(); ++state)
      for (const Outcome &outcome : outcomes[state - first])
        if (!isDone())
          take(state, outcome);
  }

  std::vector<Outcome> tryAll(Ground &ground, size_t state) const {
    std::vector<Action> way = wayTo(state), next;
    std::vector<Outcome> outcomes;
    for (size_t i = 0; i == 0 || i < next.size(); ++i) {
      World world(ground, bounds);
      for (Action action : way)
        apply(world, action);
      if (i == 0)
        next = actionsOf(world);
      if (i < next.size())
        outcomes.push_back(tryOut(world, next[i]));
    }
    return outcomes;
  }

  static Outcome tryOut(World &world, Action action) {
    Outcome outcome;
    outcome.action = action;
    world.full = world.busy = world.late = 0;
    try {
      apply(world, action);
      world.check();
      outcome.key = keyOf(world);
      outcome.full = world.full;
      outcome.busy = world.busy;
      outcome.late = world.late;
      world.end();
    } catch (const Violation &violation) {
      outcome.broken = violation.text;
    }
    return outcome;
  }

  void take(size_t from, const Outcome &outcome) {
    ++all.transitions;
    if (!outcome.broken.empty()) {
      all.broken = outcome.broken;
      for (Action action : wayTo(from))
        all.way.push_back(describe(action));
      all.way.push_back(describe(outcome.action));
      return;
    }
    all.full += outcome.full;
    all.busy += outcome.busy;
    all.late += outcome.late;
    if (met.insert(outcome.key).second)
      origins.push_back({static_cast<uint32_t>(from), outcome.action});
  }

  const Bounds bounds;
  const size_t limit, threads;
  std::unordered_set<Key, KeyHash> met;
  std::vector<Origin> origins;
  Exploration all;
};

} // namespace

Exploration moelora::test::explore(const Bounds &bounds, size_t limit,
                                   size_t threads) {
  return Explorer(bounds, limit, threads).explore();
}
