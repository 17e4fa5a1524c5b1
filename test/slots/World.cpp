/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What happens in the world, and the rules that each step must keep.
 */
#include "World.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

bool World::passed(Fence fence) {
  require(std::count(fences.begin(), fences.end(), fence) == 1,
          "expects nobody to ask for a fence that was dropped");
  if (bounds->without == Without::Fences)
    return true;
  for (const std::vector<Item> &stream : streams)
    for (const Item &item : stream)
      if (item.fence == fence)
        return false;
  return true;
}

void World::drop(Fence fence) {
  auto kept = std::find(fences.begin(), fences.end(), fence);
  require(kept != fences.end(), "expects a fence to be dropped once");
  fences.erase(kept);
  for (std::vector<Item> &stream : streams)
    stream.erase(
        std::remove_if(stream.begin(), stream.end(),
                       [&](const Item &item) { return item.fence == fence; }),
        stream.end());
}

Fence World::mark(int32_t stream, int32_t slot, bool changes) {
  if (stream == atOnce)
    return 0;
  fences.push_back(++lastFence);
  streams[index(stream)].push_back(
      {Item::Passing, slot, changes, 0, 0, false, lastFence});
  return lastFence;
}

Mark World::storeOn(int32_t stream, int32_t slot, bool enabled, BlockId block) {
  Item store = {Item::Store, slot, true, 0, block, enabled, 0};
  if (stream == atOnce)
    execute(store);
  else
    streams[index(stream)].push_back(store);
  return {mark(stream, slot, true), nameOf(stream)};
}

void World::step(int32_t stream) {
  std::vector<Item> &items = streams[index(stream)];
  Item &item = items.front();
  if (item.kind == Item::Run && !item.flag) {
    start(item);
    return;
  }
  if (item.kind == Item::Store)
    execute(item);
  items.erase(items.begin());
}

void World::execute(const Item &store) {
  Entry &entry = entries[index(store.slot)];
  entry.enabled = store.flag;
  entry.block = store.block;
}

void World::storeNow(int32_t slot, const Entry &entry) {
  require(!isChanging(slot, atOnce),
          "expects no other store of a slot to be on its way");
  entries[index(slot)] = entry;
}

/// As runs read an entry: one look, which tells the generation and the block.
BlockId World::resolve(int32_t slot, uint32_t generation) const {
  const Entry &entry = entries[index(slot)];
  bool current =
      entry.generation == generation || bounds->without == Without::Generations;
  return current && entry.enabled ? entry.block : 0;
}

void World::start(Item &run) {
  const Entry &entry = entries[index(run.slot)];
  run.flag = true;
  run.block = resolve(run.slot, at(run.slot).generation);
  require(run.block || !entry.enabled,
          "expects a run with an enabled adapter to get it");
  require(!run.block || isAlive(run.block),
          "expects what a run gets to be in memory");
  require(!run.block ||
              tenantOf[run.block - 1] == known[index(run.slot)].tenant,
          "expects a run to get its own adapter");
}

BlockId World::newBlock(int32_t tenant) {
  tenantOf.push_back(tenant);
  return static_cast<BlockId>(tenantOf.size());
}

bool World::isPublished(BlockId block) const {
  for (const Entry &entry : entries)
    if (entry.block == block)
      return true;
  for (const std::vector<Item> &stream : streams)
    for (const Item &item : stream)
      if (item.kind == Item::Store && item.block == block)
        return true;
  return false;
}

void World::giveBack(BlockId block) {
  if (bounds->without == Without::Epochs && !isAlive(block))
    return; // it was too early
  require(isAlive(block), "expects a block to be given back once");
  require(!isPublished(block),
          "expects a block to leave the directory before it is given back");
  for (const std::vector<Item> &stream : streams)
    for (const Item &item : stream)
      require(item.kind != Item::Run || item.block != block,
              "expects no run to read what is given back");
  tenantOf[block - 1] = -1;
}
