/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Messages about threads that wait.
 */
#include "Deadlock.h"

#include "Block.h"

using namespace moelora;
using namespace moelora::emulator;

std::string emulator::shownLanes(uint32_t mask) {
  std::string text;
  for (uint32_t lane = 0; lane < warpLanes;) {
    if (!(mask >> lane & 1)) {
      ++lane;
      continue;
    }
    uint32_t first = lane;
    while (lane < warpLanes && mask >> lane & 1)
      ++lane;
    text += (text.empty() ? "" : ", ") + std::to_string(first);
    if (lane - first > 1)
      text += "-" + std::to_string(lane - 1);
  }
  return text.empty() ? "none" : text;
}

static std::string shownWait(const Thread &thread) {
  if (thread.exited)
    return "exited";
  const Wait &wait = thread.wait;
  std::string place = thread.block->siteName(wait.site);
  return wait.kind == Wait::Barrier
             ? "wait at barrier " + std::to_string(wait.number) + " in " + place
             : "wait for lanes " + shownLanes(wait.number) + " in " + place;
}

static std::string shownWarp(const Warp &warp) {
  std::map<std::string, uint32_t> lanes;
  for (uint32_t lane = 0; lane < warpLanes; ++lane)
    if (warp.lanes[lane])
      lanes[shownWait(*warp.lanes[lane])] |= 1u << lane;
  std::string text;
  for (const auto &[what, mask] : lanes) {
    text += text.empty() ? "lanes " : ", lanes ";
    text += shownLanes(mask) + " " + what;
  }
  return text;
}

std::string emulator::shownDeadlock(const Block &block) {
  // Warps that do the same are named together. There are at most 32, so a mask
  // holds their numbers.
  std::map<std::string, uint32_t> warps;
  for (const Warp &warp : block.warps)
    warps[shownWarp(warp)] |= 1u << warp.index;
  std::string text = block.name() +
                     ": expects the threads of a block to reach what they wait "
                     "for, but none can go on";
  for (const auto &[what, mask] : warps)
    text += "; of warp " + shownLanes(mask) + " " + what;
  return text;
}
