/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Canonical.h"

#include "base/Word.h"
#include "slots/SlotPublish.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

namespace {

/// Numbers by first occurrence, from 1 on; 0 stays 0.
class Names {
public:
  size_t of(uint64_t what) {
    if (!what)
      return 0;
    auto found = std::find(seen.begin(), seen.end(), what);
    if (found == seen.end())
      found = seen.insert(seen.end(), what);
    return static_cast<size_t>(found - seen.begin()) + 1;
  }
  size_t count() const { return seen.size(); }

private:
  std::vector<uint64_t> seen;
};

class Writer {
public:
  explicit Writer(const World &world)
      : world(world), core(world.table->core), streams(world.streamsOfAll()) {}

  std::string write() {
    for (int32_t slot = 0; slot < world.bounds.slots; ++slot)
      writeSlot(slot);
    writeCore();
    for (const Pass &pass : world.passes)
      writePass(pass);
    for (moelora_stream *stream : streams)
      writeStream(stream);
    writeBatches();
    writeStaged();
    put(world.table->buffers.count() - buffers.count());
    return std::move(text);
  }

private:
  void put(size_t value) { text.push_back(static_cast<char>(value)); }

  /// A place in a stream of the device: which one, and how far it is.
  void putMoment(const TestMoment &moment) {
    put(static_cast<size_t>(moment.remaining()));
    put(moment.reached() ? 0 : moment.stream->index);
  }
  void putFence(Fence fence) {
    moelora_event *event = fence ? world.table->fences.event(fence) : nullptr;
    put(event != nullptr);
    if (event)
      putMoment(reinterpret_cast<const TestEvent *>(event)->moment);
  }
  /// How many open steps entered up to then.
  void putSerial(uint64_t enters) {
    put(static_cast<size_t>(std::count_if(
        core.openSteps().begin(), core.openSteps().end(),
        [&](const OpenStep &step) { return step.serial <= enters; })));
  }
  void putBuffer(BufferId buffer) {
    put(buffers.of(reinterpret_cast<uintptr_t>(
        buffer ? world.table->buffers.at(buffer).data() : nullptr)));
  }
  void putWord(int32_t slot, uint64_t word) {
    put(core.at(slot).generation - generationOfWord(word));
    put(buffers.of(addressOfWord(word)));
  }

  void writeSlot(int32_t number) {
    const SlotState &slot = core.at(number);
    bool live = slot.state == SlotState::Live;
    put(slot.state);
    put(live && slot.enabled);
    put(slot.broken);
    put(std::min<size_t>(slot.generation, 1));
    putBuffer(slot.buffer);
    put(live ? rank(slot) : 0);
    put(index(slot.leases.out));
    put(live && slot.leases.out == 0);
    if (live)
      putSerial(slot.released);
    putWord(number, world.table->words()[number]);
  }

  /// How many present adapters were used before this one.
  size_t rank(const SlotState &slot) const {
    size_t earlier = 0;
    for (const SlotState &other : core.slots())
      earlier += other.state == SlotState::Live && other.used < slot.used;
    return earlier;
  }

  void writeCore() {
    put(core.stores().size());
    for (const Store &store : core.stores()) {
      put(index(store.slot));
      putFence(store.fence);
      putBuffer(store.leaves);
    }
    put(core.waiting().size());
    for (const Retired &retired : core.waiting()) {
      putBuffer(retired.buffer);
      putSerial(retired.enters);
    }
    put(core.openSteps().size());
    for (const OpenStep &step : core.openSteps()) {
      put(step.state);
      putFence(step.left);
    }
  }

  void writePass(const Pass &pass) {
    const std::vector<OpenStep> &open = core.openSteps();
    auto own =
        std::find_if(open.begin(), open.end(), [&](const OpenStep &step) {
          return step.serial == pass.serial;
        });
    put(pass.inside);
    put(pass.inside ? index(pass.runs) : 0);
    put(static_cast<size_t>(own - open.begin()));
    put(world.isUnused(pass));
    put(pass.inside || !world.isUnused(pass) ? index(pass.stream) : 0);
    put(pass.batch ? batches.of(*pass.batch + 1) : 0);
    const moelora_step_view &view = *moelora_step_view_of(pass.step);
    put(*view.ticket != 0);
    if (!pass.inside || pass.batch)
      return;
    for (size_t tenant : world.known())
      putServed(world.tenants[tenant], tenant < pass.present.size()
                                           ? std::optional(pass.present[tenant])
                                           : std::nullopt);
  }

  /// The values that a token may read, in the order of their changes.
  void putServed(const Loaded &tenant, std::optional<size_t> from) {
    auto first = tenant.served.begin() + static_cast<long>(from.value_or(0));
    bool maybeBase = !from || std::count(first, tenant.served.end(), base);
    put(tenant.present);
    put(maybeBase);
    put(versions.of(tenant.served.back()));
    uint64_t last = base;
    for (auto served = first; served != tenant.served.end(); ++served)
      if (*served != base && *served != last)
        put(versions.of(last = *served));
    put(0);
  }

  void writeStream(moelora_stream *stream) {
    const TestWork &work = world.ground.device.pending(stream);
    put(static_cast<size_t>(work.end() - work.begin()));
    for (const TestItem &item : work) {
      put(static_cast<size_t>(item.kind));
      if (item.kind == TestKind::Store)
        writeStore(item);
      else if (item.kind == TestKind::Launch)
        writeLaunch(item, work.parametersOf(item));
      else if (item.kind == TestKind::Wait)
        putMoment(item.moment);
    }
  }

  void writeStore(const TestItem &item) {
    const uint64_t *to = static_cast<uint64_t *>(item.to);
    ptrdiff_t slot = to - world.table->words();
    if (slot >= 0 && slot < world.bounds.slots) {
      put(static_cast<size_t>(slot));
      putWord(static_cast<int32_t>(slot), item.value);
      return;
    }
    for (size_t pass = 0; pass < world.passes.size(); ++pass)
      if (moelora_step_view_of(world.passes[pass].step)->ticket == to)
        put(8 + 2 * pass + (item.value != 0));
  }

  void writeLaunch(const TestItem &item, const void *parameters) {
    if (item.launch.parameter_bytes == sizeof(RunParameters)) {
      put(0);
      put(batches.of(static_cast<const RunParameters *>(parameters)->batch +
                     1));
      return;
    }
    const int32_t *ids = static_cast<const Resolution *>(parameters)->ids;
    put(1);
    for (size_t i = 0; i < world.batches.size(); ++i)
      if (world.batches[i].ids.data() == ids)
        put(batches.of(i + 1));
  }

  /// The batches in the text above: the values that their tokens may read, and
  /// have read.
  void writeBatches() {
    for (size_t i = 0; i < world.batches.size(); ++i) {
      size_t before = batches.count(), name = batches.of(i + 1);
      if (name > before)
        continue; // it is of the past
      const Batch &batch = world.batches[i];
      put(name);
      put(batch.pass);
      put(batch.outside);
      for (const Token &token : batch.tokens)
        if (!batch.outside)
          writeToken(token);
      const moelora_step_view &view =
          *moelora_step_view_of(world.passes[batch.pass].step);
      for (size_t token = 0; token < batch.tokens.size(); ++token)
        put(index(view.number[token] + 1));
      for (int32_t slot = 0; slot < view.slots; ++slot)
        put(buffers.of(addressOfWord(view.word[slot])));
    }
  }

  void writeToken(const Token &token) {
    const Loaded &tenant = world.tenants[token.tenant];
    put(index(tenant.slot));
    putServed(tenant, token.from);
    put(token.got.has_value());
    put(versions.of(token.got.value_or(base)));
  }

  void writeStaged() {
    put(world.staged != nullptr);
    if (world.staged)
      put(world.staged->slot ? index(*world.staged->slot + 1) : 0);
  }

  const World &world;
  const SlotCore &core;
  const std::vector<moelora_stream *> streams;
  std::string text;
  Names buffers, versions, batches;
};

} // namespace

std::string moelora::test::canonical(const World &world) {
  return Writer(world).write();
}
