/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Of a state that has been met, 128 bits of a hash and the way to it are kept;
 * of those that wait for their turn, the world as well.
 */
#include "Explorer.h"

#include "Actions.h"
#include "Canonical.h"

#include <algorithm>
#include <deque>
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
  uint16_t depth;
};

struct Waiting {
  uint32_t number;
  World world;
};

class Explorer {
public:
  Explorer(const Bounds &bounds, size_t limit) : limit(limit) {
    World world(bounds);
    met.insert(keyOf(world));
    origins.push_back({0, {}, 0});
    waiting.push_back({0, std::move(world)});
  }

  Exploration explore() {
    while (!waiting.empty() && origins.size() < limit && all.broken.empty()) {
      Waiting next = std::move(waiting.front());
      waiting.pop_front();
      for (Action action : actionsOf(next.world))
        if (all.broken.empty())
          tryOut(next, action);
    }
    all.states = origins.size();
    all.closed = waiting.empty() && all.broken.empty();
    all.depth = origins.back().depth;
    return std::move(all);
  }

private:
  void tryOut(const Waiting &from, Action action) {
    World world = from.world;
    world.full = world.busy = world.late = 0;
    ++all.transitions;
    try {
      apply(world, action);
      world.check();
    } catch (const Violation &violation) {
      all.broken = violation.text;
      tellWay(from.number, action);
      return;
    }
    all.full += world.full;
    all.busy += world.busy;
    all.late += world.late > 0;
    if (met.insert(keyOf(world)).second)
      add(from.number, action, std::move(world));
  }

  void add(uint32_t from, Action action, World world) {
    auto depth = static_cast<uint16_t>(origins[from].depth + 1);
    waiting.push_back(
        {static_cast<uint32_t>(origins.size()), std::move(world)});
    origins.push_back({from, action, depth});
  }

  void tellWay(uint32_t from, Action last) {
    all.way.push_back(describe(last));
    for (; from; from = origins[from].from)
      all.way.push_back(describe(origins[from].action));
    std::reverse(all.way.begin(), all.way.end());
  }

  const size_t limit;
  std::unordered_set<Key, KeyHash> met;
  std::vector<Origin> origins;
  std::deque<Waiting> waiting;
  Exploration all;
};

} // namespace

Exploration moelora::test::explore(const Bounds &bounds, size_t limit) {
  return Explorer(bounds, limit).explore();
}
