/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sums of f32 rows in ascending order of the peer ranks.
 *
 * The rows of `in` form one segment for each coordinate of the axes `keep`. The
 * members with this coordinate, its sharers, need the sums of the segment, and
 * each of them owns a share of its rows:
 *
 *   over {ep, tp} keep {ep}, 2 x 2      segment 0          segment 1
 *   owners of the rows                  (0, 0), (0, 1)     (1, 0), (1, 1)
 *
 *   1. every member sends each row to its owner        all_to_all_v over `over`
 *   2. the owner adds the rows in the order of the members
 *   3. the sharers gather their shares                 all_gather_v over them
 *
 * If all axes are kept, a segment has one sharer, and the third step is left
 * out.
 */
#include "collectives/Chunk.h"

#include "base/Failure.h"

#include <algorithm>
#include <cstring>

using namespace moelora;

namespace {

/// The rows of a segment that a sharer owns.
struct Share {
  int64_t begin, rows;
};

Share shareOf(int64_t rows, int64_t sharer, int64_t sharers) {
  int64_t begin = rows * sharer / sharers;
  return {begin, rows * (sharer + 1) / sharers - begin};
}

class Reduction {
public:
  Reduction(const Chunk &chunk, Subgroup &over, Subgroup &sharers)
      : chunk(chunk), over(over), sharers(sharers),
        operand(*chunk.exchange.operand), keep(chunk.exchange.keep),
        own(chunk.rows(chunk.rank)),
        share(shareOf(own, int64_t(sharers.self),
                      int64_t(sharers.members.size()))) {}

  void check(const Scratch &scratch);
  void addPlus();
  void sendToOwners(Messages &messages, char *receive);
  void add(const char *received, char *to);
  void gather(Messages &messages, const char *sums);

  bool isShared() const { return sharers.members.size() > 1; }
  char *out() const { return static_cast<char *>(operand.out); }

private:
  void checkSegments();
  int64_t segmentBegin(int32_t position) const;
  int32_t coordinateOf(int32_t member) const {
    return chunk.grid.position(member, keep);
  }
  uint64_t bytesOf(int64_t rows) const {
    return uint64_t(rows) * operand.row_bytes;
  }

  const Chunk &chunk;
  Subgroup &over, &sharers;
  const moelora_exchange_operand &operand;
  uint32_t keep;
  int64_t own;
  Share share; ///< of this peer rank
};

/// Sets over.segments. Sharers must have equally many rows.
void Reduction::checkSegments() {
  std::fill(over.segments.begin(), over.segments.end(), -1);
  for (int32_t member : over.members) {
    int64_t &segment = over.segments[size_t(coordinateOf(member))];
    int64_t rows = chunk.rows(member);
    if (segment >= 0 && segment != rows)
      fail("expects peer ranks that share the rows of a reduction to have "
           "equally many, but peer rank " +
           std::to_string(member) + " has " + std::to_string(rows) +
           " and one before it has " + std::to_string(segment));
    segment = rows;
  }
}

int64_t Reduction::segmentBegin(int32_t position) const {
  int64_t begin = 0;
  for (int32_t i = 0; i < position; ++i)
    begin += over.segments[size_t(i)];
  return begin;
}

void Reduction::check(const Scratch &scratch) {
  constexpr uint64_t width = sizeof(float);
  if (operand.row_bytes % width)
    fail("expects rows of f32 in a reduction, but they have " +
         std::to_string(operand.row_bytes) + " bytes");
  if (operand.pitch && operand.pitch != operand.row_bytes)
    fail("expects the rows of a reduction to be contiguous, but their pitch "
         "is " +
         std::to_string(operand.pitch));
  checkSegments();
  int64_t all = 0;
  for (int64_t rows : over.segments)
    all += std::max<int64_t>(rows, 0);
  if (operand.row_bytes) {
    expectRows(operand.in, all, alignof(float), "the input of a reduction");
    expectRows(operand.out, own, alignof(float), "the output of a reduction");
  }
  expectRows(chunk.exchange.plus, 0, alignof(float), "plus of a reduction");
  scratch.expect(chunk.mostRows(over), operand.row_bytes);
}

void Reduction::addPlus() {
  const float *plus = chunk.exchange.plus;
  if (!plus || !own)
    return;
  uint64_t width = operand.row_bytes / sizeof(float);
  uint64_t begin = uint64_t(segmentBegin(coordinateOf(chunk.rank))) * width;
  float *to = static_cast<float *>(operand.in) + begin;
  for (uint64_t i = 0; i < uint64_t(own) * width; ++i)
    to[i] += plus[i];
}

void Reduction::sendToOwners(Messages &messages, char *receive) {
  uint32_t shared = chunk.exchange.over & ~keep;
  for (size_t i = 0; i < over.members.size(); ++i) {
    int32_t member = over.members[i], position = coordinateOf(member);
    Share theirs = shareOf(over.segments[size_t(position)],
                           chunk.grid.position(member, shared),
                           int64_t(sharers.members.size()));
    over.begin[i] = bytesOf(segmentBegin(position) + theirs.begin);
    over.bytes[i] = bytesOf(theirs.rows);
    over.received[i] = bytesOf(share.rows);
    over.receivedBegin[i] = i * bytesOf(share.rows);
  }
  messages.allToAll(over, operand.in, receive);
}

/// Adds in parts that stay in the cache.
void Reduction::add(const char *received, char *to) {
  constexpr uint64_t part = 4096;
  uint64_t count = bytesOf(share.rows) / sizeof(float);
  const float *from = reinterpret_cast<const float *>(received);
  float *sums = reinterpret_cast<float *>(to);
  for (uint64_t begin = 0; begin < count; begin += part) {
    uint64_t end = std::min(begin + part, count);
    if (sums != from)
      std::memcpy(sums + begin, from + begin, (end - begin) * sizeof(float));
    for (size_t member = 1; member < over.members.size(); ++member)
      for (uint64_t i = begin; i < end; ++i)
        sums[i] += from[member * count + i];
  }
}

void Reduction::gather(Messages &messages, const char *sums) {
  int64_t count = int64_t(sharers.members.size());
  for (int64_t i = 0; i < count; ++i)
    sharers.bytes[size_t(i)] = bytesOf(shareOf(own, i, count).rows);
  messages.allGather(sharers, sums, operand.out);
}

} // namespace

void moelora::reduce(const Chunk &chunk, Subgroup &over, Subgroup &sharers,
                     Scratch &scratch, Messages &messages) {
  Reduction reduction(chunk, over, sharers);
  reduction.check(scratch);
  reduction.addPlus();
  char *received = scratch.receive.get();
  reduction.sendToOwners(messages, received);
  char *sums = reduction.isShared() ? received : reduction.out();
  reduction.add(received, sums);
  if (reduction.isShared())
    reduction.gather(messages, sums);
}
