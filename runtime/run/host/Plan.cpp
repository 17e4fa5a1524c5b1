// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes the plan: the T * k (token, choice) pairs in the order of expert and
// then slot (a stable sort), divided into tiles and segments.
//
// Two counting sorts, the minor key first. With top_k = 1 and
//   expert_ids  1  0  1  -1  0     numbers  0  -1  -1  0  0
//   by slot     1  2  | 0  4         pair 3 is dropped, it has no expert
//   by expert   1  4  | 2  0         row_pair
//   row_slot   -1  0  |-1  0

#include "run/host/Services.h"

#include <algorithm>

using namespace moelora;

namespace {

/// The position of the next row of each sort key. `first` has space for `keys`
/// counts.
class Buckets {
public:
  Buckets(int32_t *first, int32_t keys) : first(first), keys(keys) {
    std::fill(first, first + keys, 0);
  }
  void count(int32_t key) { ++first[key]; }
  /// Counts become positions; returns their sum.
  int32_t accumulate() {
    int32_t sum = 0;
    for (int32_t key = 0; key < keys; ++key) {
      int32_t rows = first[key];
      first[key] = sum;
      sum += rows;
    }
    return sum;
  }
  int32_t take(int32_t key) { return first[key]++; }

private:
  int32_t *first;
  int32_t keys;
};

/// The sort keys of a pair. Ids that are out of range become -1.
class Pairs {
public:
  Pairs(const moelora_plan_shape *shape, const int32_t *expertIds,
        const int32_t *numbers)
      : shape(shape), expertIds(expertIds), numbers(numbers) {}

  /// The pairs of valid tokens; other tokens have none.
  int32_t count() const {
    int64_t tokens = std::clamp<int64_t>(shape->valid_tokens, 0, shape->tokens);
    return int32_t(tokens) * shape->top_k;
  }
  int32_t token(int32_t pair) const { return pair / shape->top_k; }
  int32_t expert(int32_t pair) const {
    if (!expertIds)
      return 0;
    return inRange(expertIds[pair], shape->experts) ? expertIds[pair] : -1;
  }
  bool outOfRange(int32_t pair) const {
    return expert(pair) < 0 && expertIds[pair] != -1 &&
           !isZeroExpert(expertIds[pair]);
  }
  int32_t slot(int32_t pair) const {
    if (!numbers)
      return -1;
    int32_t slot = numbers[token(pair)];
    return inRange(slot, shape->slots) ? slot : -1;
  }

private:
  /// Such ids have no rows but are valid. Unsigned, because the id may have any
  /// value.
  bool isZeroExpert(int32_t id) const {
    return uint32_t(id) - uint32_t(shape->experts) <
           uint32_t(shape->zero_experts);
  }

  const moelora_plan_shape *shape;
  const int32_t *expertIds, *numbers;
};

/// Writes the kept pairs in the order of their slots, base rows first, and
/// returns their number.
int32_t sortBySlot(const Pairs &pairs, Buckets buckets, int32_t *sorted) {
  for (int32_t pair = 0, end = pairs.count(); pair < end; ++pair)
    if (pairs.expert(pair) >= 0)
      buckets.count(pairs.slot(pair) + 1);
  int32_t rows = buckets.accumulate();
  for (int32_t pair = 0, end = pairs.count(); pair < end; ++pair)
    if (pairs.expert(pair) >= 0)
      sorted[buckets.take(pairs.slot(pair) + 1)] = pair;
  return rows;
}

/// Afterwards `buckets` contains the end of each expert's rows.
void sortByExpert(const Pairs &pairs, const int32_t *sorted, Buckets buckets,
                  moelora_plan *plan) {
  for (int32_t i = 0; i < plan->rows; ++i)
    buckets.count(pairs.expert(sorted[i]));
  buckets.accumulate();
  for (int32_t i = 0; i < plan->rows; ++i) {
    int32_t row = buckets.take(pairs.expert(sorted[i]));
    plan->row_pair[row] = sorted[i];
    plan->row_token[row] = pairs.token(sorted[i]);
    plan->row_slot[row] = pairs.slot(sorted[i]);
  }
}

/// Divides `rows` rows into as few parts of at most `limit` rows as possible,
/// whose sizes differ by at most one, the larger first, and calls
/// `piece(begin, rows)` for each.
template <typename Piece>
void cut(int32_t begin, int32_t rows, int32_t limit, Piece piece) {
  int32_t pieces = int32_t((int64_t(rows) + limit - 1) / limit);
  for (int32_t left = pieces; left > 0; --left) {
    int32_t size = int32_t((int64_t(rows) + left - 1) / left);
    piece(begin, size);
    begin += size;
    rows -= size;
  }
}

/// One segment for each run of rows of one slot inside a row group.
void addSegments(moelora_plan *plan, int32_t expert, int32_t group,
                 int32_t groupRows) {
  for (int32_t row = group, end = group + groupRows; row < end;) {
    int32_t begin = row, slot = plan->row_slot[row];
    while (row < end && plan->row_slot[row] == slot)
      ++row;
    if (slot >= 0)
      plan->segment[plan->segments++] = {expert,      slot,  begin,
                                         row - begin, group, groupRows};
  }
}

void addTiles(moelora_plan *plan, const moelora_plan_shape *shape,
              int32_t expert, int32_t begin, int32_t end) {
  cut(begin, end - begin, shape->tile_rows, [&](int32_t tile, int32_t rows) {
    plan->tile[plan->tiles++] = {expert, tile, rows, 0};
    cut(tile, rows, shape->group_rows, [&](int32_t group, int32_t groupRows) {
      addSegments(plan, expert, group, groupRows);
    });
  });
}

} // namespace

void moelora::makePlan(const moelora_plan_shape *shape,
                       const int32_t *expertIds, const int32_t *numbers,
                       moelora_plan *plan, moelora_run_stats *stats) {
  Pairs pairs(shape, expertIds, numbers);
  uint64_t dropped = 0;
  for (int32_t pair = 0, end = pairs.count(); pair < end; ++pair)
    dropped += pairs.outOfRange(pair);
  addTo(stats->dropped_pairs, dropped);

  int32_t *sorted = plan->scratch;
  int32_t *slotEnd = sorted + pairs.count();
  int32_t *expertEnd = slotEnd + shape->slots + 1;
  plan->rows = sortBySlot(pairs, Buckets(slotEnd, shape->slots + 1), sorted);
  sortByExpert(pairs, sorted, Buckets(expertEnd, shape->experts), plan);

  plan->tiles = plan->segments = 0;
  for (int32_t expert = 0, begin = 0; expert < shape->experts; ++expert) {
    addTiles(plan, shape, expert, begin, expertEnd[expert]);
    begin = expertEnd[expert];
  }
}
