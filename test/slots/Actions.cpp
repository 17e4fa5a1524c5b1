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
    for (int32_t slot = 0; slot < world.bounds.slots; ++slot)
      if (world.isLive(slot))
        addSlot(slot);
    for (int32_t pass = 0; pass < world.bounds.steps; ++pass)
      addPass(pass);
    if (world.table->buffers.count() > presentCount())
      add(Action::Look);
    std::vector<moelora_stream *> streams = world.streamsOfAll();
    for (size_t stream = 0; stream < streams.size(); ++stream)
      if (world.ground.device.isReady(streams[stream]))
        add(Action::DoNext, 0, static_cast<int32_t>(stream));
    return std::move(actions);
  }

private:
  void add(Action::Kind kind, int32_t what = 0, int32_t stream = 0) {
    actions.push_back(
        {kind, static_cast<int8_t>(what), static_cast<int8_t>(stream)});
  }

  size_t presentCount() const {
    size_t present = 0;
    for (int32_t slot = 0; slot < world.bounds.slots; ++slot)
      present += world.isLive(slot);
    return present;
  }
  bool hasBuffer() const {
    return world.table->buffers.count() + (world.staged ? 1 : 0) <
           index(world.bounds.buffers);
  }
  bool fits(moelora_stream *stream, size_t more) const {
    return world.queued(stream) + more <= index(world.bounds.queue);
  }
  /// A store, its event, and a wait for an earlier one.
  static constexpr size_t change = 3;
  bool fitsTable() const { return fits(world.table->publishing.get(), change); }

  void addLoads() {
    bool another =
        presentCount() + (world.staged ? 1 : 0) < index(world.bounds.adapters);
    if (another && hasBuffer() && fitsTable())
      add(Action::Assign);
    if (another && hasBuffer() && !world.staged)
      add(Action::Stage);
    if (!world.staged)
      return;
    add(Action::Abandon);
    for (int32_t stream = 0; stream < world.bounds.streams; ++stream)
      if (fits(world.streams[index(stream)], change))
        add(Action::PublishAt, 0, stream);
  }

  void addSlot(int32_t slot) {
    auto out = std::count_if(world.leases.begin(), world.leases.end(),
                             [&](const Lease &lease) {
                               return world.tenants[lease.tenant].slot == slot;
                             });
    if (out < world.bounds.leases)
      add(Action::Acquire, slot);
    if (out > 0)
      add(Action::Release, slot);
    if (fitsTable())
      add(Action::Evict, slot);
    for (int32_t stream = 0; stream < world.bounds.streams; ++stream)
      if (fits(world.streams[index(stream)], change)) {
        add(Action::Toggle, slot, stream);
        add(Action::EvictAt, slot, stream);
        if (hasBuffer())
          add(Action::Replace, slot, stream);
      }
  }

  void addPass(int32_t number) {
    const Pass &pass = world.passes[index(number)];
    moelora_stream *stream = world.streams[index(pass.stream)];
    if (!pass.inside) {
      addEnter(number, pass);
      if (fits(stream, 3))
        add(Action::Replay, number);
      return;
    }
    if (fits(stream, 2))
      add(Action::Leave, number);
    if (!pass.batch && fits(stream, 1))
      add(Action::Resolve, number);
    if (pass.batch && pass.runs < world.bounds.runs && fits(stream, 2))
      add(Action::Run, number);
  }

  /// A graph that was launched alone holds a step to its stream.
  void addEnter(int32_t number, const Pass &pass) {
    bool held = !world.isUnused(pass) && pass.batch;
    for (int32_t stream = 0; stream < world.bounds.streams; ++stream)
      if (fits(world.streams[index(stream)], 4) &&
          (!held || stream == pass.stream))
        add(Action::Enter, number, stream);
  }

  const World &world;
  std::vector<Action> actions;
};

/// The name of an action, and the caller that does it.
struct Kind {
  void (*apply)(World &world, Action action);
  const char *text; ///< '#': what; '@': the stream
};

const Kind kinds[] = {
    {[](World &w, Action) { w.assign(); }, "assign an adapter"},
    {[](World &w, Action a) { w.replace(a.what, a.stream); },
     "replace the adapter of slot #, on stream @"},
    {[](World &w, Action a) { w.toggle(a.what, a.stream); },
     "disable or enable the adapter of slot #, on stream @"},
    {[](World &w, Action a) { w.evict(a.what); },
     "evict the adapter of slot #"},
    {[](World &w, Action a) { w.evictAt(a.what, a.stream); },
     "evict the adapter of slot #, on stream @"},
    {[](World &w, Action a) { w.acquire(a.what); },
     "acquire the adapter of slot #"},
    {[](World &w, Action a) { w.release(a.what); },
     "release the adapter of slot #"},
    {[](World &w, Action a) { w.enter(a.what, a.stream); },
     "enter step #, on stream @"},
    {[](World &w, Action a) { w.resolve(a.what); }, "resolve in step #"},
    {[](World &w, Action a) { w.run(a.what); }, "run in step #"},
    {[](World &w, Action a) { w.leave(a.what); }, "leave step #"},
    {[](World &w, Action a) { w.replay(a.what); },
     "launch a graph outside of step #"},
    {[](World &w, Action) { w.stage(); }, "stage an adapter"},
    {[](World &w, Action a) { w.publishAt(a.stream); },
     "publish what is staged, on stream @"},
    {[](World &w, Action) { w.abandon(); }, "abandon what is staged"},
    {[](World &w, Action) { w.look(); }, "give back what is free"},
    {[](World &w, Action a) { w.doNext(static_cast<size_t>(a.stream)); },
     "do the next thing on stream @"},
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
      text += std::to_string(action.stream);
    else
      text += *c;
  return text;
}
