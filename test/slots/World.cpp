/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The world's beginning and end, and its device.
 */
#include "World.h"

using namespace moelora;
using namespace moelora::test;

namespace {

TestStream *behind(moelora_stream *stream) {
  return reinterpret_cast<TestStream *>(stream);
}

void must(moelora_status status) {
  require(status == MOELORA_OK, "expects a call that keeps to the rules to "
                                "succeed");
}

} // namespace

World::World(Ground &ground, const Bounds &bounds)
    : ground(ground), bounds(bounds) {
  ground.device.reset();
  const moelora_device &device = *ground.device.get();
  moelora_slot_table_options options = {};
  options.size = sizeof options;
  options.slots = bounds.slots;
  options.max_rank = 1;
  options.dtype = MOELORA_F32;
  options.page_order = MOELORA_PAGE_ROW_MAJOR;
  options.device = &device;
  options.target = &Ground::target();
  must(moelora_slot_table_create(&options, &table, nullptr));
  streams.resize(index(bounds.streams));
  for (moelora_stream *&stream : streams)
    must(device.stream_create(device.context, &stream, nullptr));
  passes.resize(index(bounds.steps));
  for (Pass &pass : passes)
    must(moelora_step_create(table, nullptr, Batch::most, &pass.step, nullptr));
  kernel.emplace(device, [](const moelora_launch *launch) {
    const auto &run = HostKernel::parametersOf<RunParameters>(launch);
    run.world->runReads(run);
  });
  ground.device.drain();
}

World::~World() {
  closing = true;
  ground.device.drain();
  moelora_staged_abandon(staged);
  for (Pass &pass : passes) {
    if (pass.inside)
      moelora_step_leave(pass.step, nullptr, nullptr);
    ground.device.drain();
    moelora_step_destroy(pass.step, nullptr);
  }
  ground.device.drain();
  moelora_slot_table_destroy(table, nullptr);
}

void World::end() {
  abandon();
  for (size_t pass = 0; pass < passes.size(); ++pass)
    if (passes[pass].inside)
      leave(static_cast<int32_t>(pass));
  while (!leases.empty())
    release(tenants[leases.back().tenant].slot);
  ground.device.drain();
  look();
  size_t present = 0;
  for (int32_t slot = 0; slot < bounds.slots; ++slot) {
    present += isLive(slot);
    require(!isLive(slot) || table->core.idle(slot),
            "expects all adapters to be idle in the end");
  }
  require(table->buffers.count() == present,
          "expects the memory of present adapters to remain, and no other");
  must(moelora_slot_table_reset(table, nullptr));
  for (Pass &pass : passes)
    must(moelora_step_destroy(std::exchange(pass.step, nullptr), nullptr));
  ground.device.drain();
  must(moelora_slot_table_destroy(std::exchange(table, nullptr), nullptr));
  const moelora_device &device = *ground.device.get();
  for (moelora_stream *stream : streams)
    device.stream_destroy(device.context, stream);
  passes.clear();
  kernel.reset();
  require(ground.device.live().all() == 0, "expects nothing to be left");
  require(ground.device.complaints().empty(),
          "expects nobody to break the rules of devices");
}

std::vector<moelora_stream *> World::streamsOfAll() const {
  std::vector<moelora_stream *> all = streams;
  all.push_back(table->publishing.get());
  return all;
}

size_t World::queued(moelora_stream *stream) const {
  const TestWork &work = ground.device.pending(stream);
  return static_cast<size_t>(work.end() - work.begin());
}

void World::doNext(size_t stream) {
  moelora_stream *on =
      stream < streams.size() ? streams[stream] : table->publishing.get();
  ground.device.step(on);
}

bool World::isUnused(const Pass &pass) const {
  return behind(streams[index(pass.stream)])->done >= pass.lastPosition;
}

bool World::isPast(const Entry &entry) const {
  return entry.left &&
         behind(streams[index(entry.stream)])->done >= entry.position;
}

const Loaded *World::tenantIn(int32_t slot) const {
  for (const Loaded &tenant : tenants)
    if (tenant.present && tenant.slot == slot)
      return &tenant;
  return nullptr;
}

Loaded &World::live(int32_t slot) {
  return *const_cast<Loaded *>(tenantIn(slot));
}
