/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Operations that lanes of a warp execute together.
 */
#include "Meet.h"
#include "Deadlock.h"

#include <iterator>

using namespace moelora;
using namespace moelora::emulator;

namespace {

bool agrees(const MeetingKey &a, const MeetingKey &b) {
  // A warp barrier may be reached through different instructions.
  return a.operation == b.operation && a.mask == b.mask &&
         a.detail == b.detail &&
         (a.site == b.site || a.operation == MeetingKey::Barrier);
}

std::string wrongMask(const Thread &thread, uint32_t mask) {
  return "expects the mask of a warp's operation to name its own lane " +
         std::to_string(thread.lane) + ", but it names lanes " +
         shownLanes(mask);
}

std::string missingLanes(const Thread &thread, uint32_t mask) {
  const Block &block = *thread.block;
  uint32_t lanes = std::min(
      block.launch->threads - thread.warp->index * warpLanes, warpLanes);
  return "expects the mask of a warp's operation to name lanes of its " +
         std::to_string(lanes) + ", but it names lanes " + shownLanes(mask);
}

void checkMask(Thread &thread, const MeetingKey &key) {
  Block &block = *thread.block;
  if (!(key.mask >> thread.lane & 1))
    block.fault(thread, key.site, wrongMask(thread, key.mask));
  uint32_t first = thread.warp->index * warpLanes;
  uint32_t lanes = std::min(block.launch->threads - first, warpLanes);
  if (key.mask & ~(~0u >> (warpLanes - lanes)))
    block.fault(thread, key.site, missingLanes(thread, key.mask));
}

/// The message for lanes that wait for each other with different keys.
std::string disagreement(const Thread &thread, const MeetingKey &key,
                         const Meeting &other) {
  uint32_t lane = __builtin_ctz(other.arrived & key.mask);
  std::string text =
      "expects lanes " + shownLanes(key.mask) +
      " to execute the same operation with the same mask, but lane " +
      std::to_string(lane) + " waits in " +
      thread.block->siteName(other.key.site);
  if (other.key.mask != key.mask)
    text += " for lanes " + shownLanes(other.key.mask);
  return text;
}

[[gnu::noinline]] Meeting &join(Thread &thread, const MeetingKey &key) {
  std::vector<Meeting> &meetings = thread.warp->meetings;
  for (Meeting &meeting : meetings)
    if (agrees(meeting.key, key))
      return meeting;
  for (const Meeting &meeting : meetings)
    if (meeting.key.mask >> thread.lane & 1 && meeting.arrived & key.mask)
      thread.block->fault(thread, key.site, disagreement(thread, key, meeting));
  meetings.push_back({key, 0, {}});
  return meetings.back();
}

/// Completes a meeting in which all lanes have arrived. It is not inlined into
/// `meet`, because the frame of `meet` is on the stack of each lane that waits.
[[gnu::noinline]] void finish(Thread &last, Meeting &meeting,
                              void (*complete)(Block &, const Meeting &)) {
  Block &block = *last.block;
  Warp &warp = *last.warp;
  bool isBarrier = meeting.key.operation == MeetingKey::Barrier;
  ++(isBarrier ? block.counts->warpBarriers : block.counts->collectives);
  complete(block, meeting);
  uint32_t lanes = meeting.arrived;
  meeting = warp.meetings.back();
  warp.meetings.pop_back();
  if (lanes == warp.live)
    meetBanks(block, warp);
  for (uint32_t lane = warpLanes; lane-- > 0;)
    if (lane != last.lane && lanes >> lane & 1)
      block.wakeFirst(*warp.lanes[lane]);
}

} // namespace

void emulator::meet(Thread &thread, const MeetingKey &key, void *operands,
                    void (*complete)(Block &, const Meeting &)) {
  Block &block = *thread.block;
  checkMask(thread, key);
  Meeting &meeting = join(thread, key);
  meeting.arrived |= 1u << thread.lane;
  meeting.operands[thread.lane] = operands;
  if (meeting.arrived != key.mask) {
    block.sleep(thread, {Wait::Meeting, key.site, key.mask});
    return;
  }
  finish(thread, meeting, complete);
  if (block.schedule->interrupts())
    block.giveWay(thread);
}

void emulator::meetBanks(Block &block, Warp &warp) {
  if (!block.launch->options.checks)
    return;
  block.counts->bankConflicts += warp.banks.meet();
  for (Thread *thread : warp.lanes)
    if (thread)
      thread->bankCursor = 0;
}
