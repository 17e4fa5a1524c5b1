/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Actions.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

namespace {

class Finder {
public:
  explicit Finder(const World &world) : world(world) {}

  std::vector<Action> find() {
    addLoads();
    for (int32_t slot = 0; slot < world.bounds->slots; ++slot)
      if (world.at(slot).state == SlotState::Live)
        addSlot(slot);
    for (size_t lease = 0; lease < world.leases.size(); ++lease)
      addLease(lease);
    add(Action::Reset);
    add(Action::Drain);
    for (int32_t stream = 0; stream < world.bounds->streams; ++stream)
      if (!world.streams[index(stream)].empty())
        add(Action::Step, 0, stream);
    return std::move(actions);
  }

private:
  void add(Action::Kind kind, int32_t what = 0, int32_t stream = 0) {
    actions.push_back(
        {kind, static_cast<int8_t>(what), static_cast<int8_t>(stream)});
  }

  /// Adapters that are not loaded are alike: the first stands for all.
  void addLoads() {
    bool began = false;
    for (int32_t adapter = 0; adapter < world.bounds->adapters; ++adapter) {
      const Load &load = world.loads[index(adapter)];
      if (load.state == Load::Loading) {
        add(Action::EndLoad, adapter);
        add(Action::FailLoad, adapter);
      } else if (load.state == Load::Absent && !began) {
        add(Action::BeginLoad, adapter);
        began = true;
      }
    }
  }

  void addSlot(int32_t slot) {
    auto out =
        std::count_if(world.leases.begin(), world.leases.end(),
                      [&](const Lease &lease) { return lease.slot == slot; });
    if (out < world.bounds->leases)
      add(Action::Acquire, slot);
    add(Action::Evict, slot);
    add(Action::EvictIfIdle, slot);
    auto blocks = std::count(world.tenantOf.begin(), world.tenantOf.end(),
                             world.known[index(slot)].tenant);
    for (int32_t stream = atOnce; stream < world.bounds->streams; ++stream)
      if (fits(stream, 2)) {
        add(Action::Toggle, slot, stream);
        if (blocks < world.bounds->blocks)
          add(Action::Replace, slot, stream);
      }
  }

  /// All runs of a lease are on one stream, and the lease ends on it, unless
  /// they are done.
  void addLease(size_t number) {
    const Lease &lease = world.leases[number];
    int32_t home = streamOf(lease);
    for (int32_t stream = 0; stream < world.bounds->streams; ++stream)
      if (fits(stream, 1) && (home == atOnce || home == stream)) {
        add(Action::Run, static_cast<int32_t>(number), stream);
        add(Action::Release, static_cast<int32_t>(number), stream);
      }
    if (home == atOnce)
      add(Action::Release, static_cast<int32_t>(number), atOnce);
  }

  int32_t streamOf(const Lease &lease) const {
    for (int32_t stream = 0; stream < world.bounds->streams; ++stream)
      for (const Item &item : world.streams[index(stream)])
        if (item.kind == Item::Run && item.lease == lease.number)
          return stream;
    return atOnce;
  }

  bool fits(int32_t stream, size_t more) const {
    return stream == atOnce || world.streams[index(stream)].size() + more <=
                                   index(world.bounds->queue);
  }

  const World &world;
  std::vector<Action> actions;
};

/// What an action is called, and who does it.
struct Kind {
  void (*apply)(World &world, Action action);
  const char *text; ///< '#': what; '@': the stream
};

const Kind kinds[] = {
    {[](World &w, Action a) { w.beginLoad(a.what); }, "begin to load #"},
    {[](World &w, Action a) { w.endLoad(a.what); }, "publish load #"},
    {[](World &w, Action a) { w.failLoad(a.what); }, "give up load #"},
    {[](World &w, Action a) { w.acquire(a.what); },
     "acquire the adapter of slot #"},
    {[](World &w, Action a) { w.run(index(a.what), a.stream); },
     "ask for a run with lease #, @"},
    {[](World &w, Action a) { w.release(index(a.what), a.stream); },
     "release lease #, @"},
    {[](World &w, Action a) { w.replace(a.what, a.stream); },
     "replace the adapter of slot #, @"},
    {[](World &w, Action a) { w.toggle(a.what, a.stream); },
     "disable or enable the adapter of slot #, @"},
    {[](World &w, Action a) { w.evict(a.what); },
     "evict the adapter of slot #"},
    {[](World &w, Action a) { w.evictIfIdle(a.what); },
     "evict the adapter of slot #, without a look at its blocks"},
    {[](World &w, Action) { w.reset(); }, "reset"},
    {[](World &w, Action) { w.drain(); }, "give back what is free"},
    {[](World &w, Action a) { w.step(a.stream); }, "do the next thing @"},
};

} // namespace

std::vector<Action> moelora::test::actionsOf(const World &world) {
  return Finder(world).find();
}

void moelora::test::apply(World &world, Action action) {
  kinds[action.kind].apply(world, action);
}

std::string moelora::test::describe(Action action) {
  std::string text;
  for (const char *c = kinds[action.kind].text; *c; ++c)
    if (*c == '#')
      text += std::to_string(action.what);
    else if (*c == '@')
      text += action.stream == atOnce
                  ? "at once"
                  : "on stream " + std::to_string(action.stream);
    else
      text += *c;
  return text;
}
