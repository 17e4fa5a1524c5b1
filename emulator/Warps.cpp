/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Operations of a warp: shuffles, votes, matches, reductions, and its barrier.
 * Only the barrier orders memory.
 */
#include "Calls.h"
#include "Meet.h"

using namespace moelora;
using namespace moelora::emulator;

namespace {

/// Calls `visit(lane)` for the lanes of a mask, in ascending order.
template <typename Visit> void eachLane(uint32_t mask, Visit visit) {
  for (; mask; mask &= mask - 1)
    visit(static_cast<uint32_t>(__builtin_ctz(mask)));
}

template <typename T> T &operand(const Meeting &meeting, uint32_t lane) {
  return *static_cast<T *>(meeting.operands[lane]);
}

void completeBarrier(Block &block, const Meeting &meeting) {
  block.order([&](auto visit) {
    eachLane(meeting.arrived,
             [&](uint32_t lane) { visit(operand<Thread>(meeting, lane)); });
  });
}

void warpBarrier(moelora_emulator_thread *caller, uint32_t mask,
                 uint32_t site) {
  Thread &thread = threadOf(caller);
  meet(thread, {MeetingKey::Barrier, mask, site, 0}, &thread, completeBarrier);
}

/// Checks a number by which a kernel selects an operation.
void checkKind(Thread &thread, const char *what, uint32_t kind, uint32_t most,
               uint32_t site) {
  if (kind > most)
    thread.block->fault(thread, site,
                        std::string("expects the kind of a ") + what +
                            " to be at most " + std::to_string(most) +
                            ", but it is " + std::to_string(kind));
}

struct ShuffleLane {
  uint32_t value, lane, clamp;
  uint32_t result, inside;
};

/// The source lane as PTX defines it. `inside` receives whether it is within
/// the segment of the lane.
uint32_t sourceLane(uint32_t kind, uint32_t self, uint32_t b, uint32_t c,
                    uint32_t &inside) {
  constexpr uint32_t bits = warpLanes - 1;
  b &= bits;
  uint32_t clamp = c & bits, segment = c >> 8 & bits;
  uint32_t most = (self & segment) | (clamp & ~segment);
  uint32_t least = self & segment;
  int32_t source = 0;
  switch (kind) {
  case MOELORA_EMULATOR_SHUFFLE_UP:
    source = static_cast<int32_t>(self - b);
    inside = source >= static_cast<int32_t>(most);
    break;
  case MOELORA_EMULATOR_SHUFFLE_DOWN:
    source = self + b;
    inside = source <= static_cast<int32_t>(most);
    break;
  case MOELORA_EMULATOR_SHUFFLE_BUTTERFLY:
    source = self ^ b;
    inside = source <= static_cast<int32_t>(most);
    break;
  default:
    source = least | (b & ~segment);
    inside = source <= static_cast<int32_t>(most);
  }
  return inside ? source : self;
}

void completeShuffle(Block &, const Meeting &meeting) {
  eachLane(meeting.arrived, [&](uint32_t lane) {
    auto &mine = operand<ShuffleLane>(meeting, lane);
    uint32_t source = sourceLane(meeting.key.detail, lane, mine.lane,
                                 mine.clamp, mine.inside);
    // The value of a lane that does not take part is undefined.
    mine.result = meeting.arrived >> source & 1
                      ? operand<ShuffleLane>(meeting, source).value
                      : ~0u;
  });
}

uint32_t shuffle(moelora_emulator_thread *caller, uint32_t kind, uint32_t mask,
                 uint32_t value, uint32_t lane, uint32_t clamp,
                 uint32_t *inside, uint32_t site) {
  checkKind(threadOf(caller), "shuffle", kind,
            MOELORA_EMULATOR_SHUFFLE_BUTTERFLY, site);
  ShuffleLane mine = {value, lane, clamp, 0, 0};
  meet(threadOf(caller), {MeetingKey::Shuffle, mask, site, kind}, &mine,
       completeShuffle);
  if (inside)
    *inside = mine.inside;
  return mine.result;
}

void completeVote(Block &, const Meeting &meeting) {
  uint32_t holds = 0;
  eachLane(meeting.arrived, [&](uint32_t lane) {
    holds |= uint32_t(operand<uint32_t>(meeting, lane) != 0) << lane;
  });
  bool all = holds == meeting.arrived;
  uint32_t result = holds; // BALLOT
  if (meeting.key.detail == MOELORA_EMULATOR_VOTE_ALL)
    result = all;
  else if (meeting.key.detail == MOELORA_EMULATOR_VOTE_ANY)
    result = holds != 0;
  else if (meeting.key.detail == MOELORA_EMULATOR_VOTE_UNIFORM)
    result = all || !holds;
  eachLane(meeting.arrived,
           [&](uint32_t lane) { operand<uint32_t>(meeting, lane) = result; });
}

uint32_t vote(moelora_emulator_thread *caller, uint32_t kind, uint32_t mask,
              uint32_t value, uint32_t site) {
  checkKind(threadOf(caller), "vote", kind, MOELORA_EMULATOR_VOTE_BALLOT, site);
  meet(threadOf(caller), {MeetingKey::Vote, mask, site, kind}, &value,
       completeVote);
  return value;
}

struct MatchLane {
  uint64_t value;
  uint32_t result;
};

void completeMatch(Block &, const Meeting &meeting) {
  eachLane(meeting.arrived, [&](uint32_t lane) {
    auto &mine = operand<MatchLane>(meeting, lane);
    eachLane(meeting.arrived, [&](uint32_t other) {
      bool same = operand<MatchLane>(meeting, other).value == mine.value;
      mine.result |= uint32_t(same) << other;
    });
  });
}

uint32_t match(moelora_emulator_thread *caller, uint32_t mask, uint64_t value,
               uint32_t bits, uint32_t site) {
  MatchLane mine = {bits == 32 ? static_cast<uint32_t>(value) : value, 0};
  meet(threadOf(caller), {MeetingKey::Match, mask, site, bits}, &mine,
       completeMatch);
  return mine.result;
}

uint32_t combined(uint32_t reduction, uint32_t a, uint32_t b) {
  auto less = [&] { return static_cast<int32_t>(a) < static_cast<int32_t>(b); };
  switch (reduction) {
  case MOELORA_EMULATOR_REDUCE_MIN_SIGNED:
    return less() ? a : b;
  case MOELORA_EMULATOR_REDUCE_MAX_SIGNED:
    return less() ? b : a;
  case MOELORA_EMULATOR_REDUCE_MIN_UNSIGNED:
    return std::min(a, b);
  case MOELORA_EMULATOR_REDUCE_MAX_UNSIGNED:
    return std::max(a, b);
  case MOELORA_EMULATOR_REDUCE_AND:
    return a & b;
  case MOELORA_EMULATOR_REDUCE_OR:
    return a | b;
  case MOELORA_EMULATOR_REDUCE_XOR:
    return a ^ b;
  default:
    return a + b;
  }
}

void completeReduce(Block &, const Meeting &meeting) {
  uint32_t first = __builtin_ctz(meeting.arrived);
  uint32_t result = operand<uint32_t>(meeting, first);
  eachLane(meeting.arrived & ~(1u << first), [&](uint32_t lane) {
    result =
        combined(meeting.key.detail, result, operand<uint32_t>(meeting, lane));
  });
  eachLane(meeting.arrived,
           [&](uint32_t lane) { operand<uint32_t>(meeting, lane) = result; });
}

uint32_t reduce(moelora_emulator_thread *caller, uint32_t reduction,
                uint32_t mask, uint32_t value, uint32_t site) {
  checkKind(threadOf(caller), "reduction", reduction,
            MOELORA_EMULATOR_REDUCE_XOR, site);
  meet(threadOf(caller), {MeetingKey::Reduce, mask, site, reduction}, &value,
       completeReduce);
  return value;
}

} // namespace

void emulator::addWarpCalls(moelora_emulator_calls &calls) {
  calls.warp_barrier = warpBarrier;
  calls.shuffle = shuffle;
  calls.vote = vote;
  calls.match = match;
  calls.reduce = reduce;
}
