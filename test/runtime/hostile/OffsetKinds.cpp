/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Tensors with wrong offsets: the ranges of all tensors must cover the data,
 * and each must have the size of its shape.
 */
#include "Kinds.h"

#include <algorithm>

namespace moelora::test {

/// A tensor of the draft that is not the first one.
static size_t later(const Draft &draft, Random &random) {
  return 1 + below(random, draft.entries.size() - 1);
}

static bool hole(Draft &draft, Random &random) {
  size_t first = below(random, draft.entries.size());
  uint64_t bytes = 1 + below(random, 100);
  draft.data.insert(draft.entries[first].begin, bytes, 'x');
  for (size_t i = first; i < draft.entries.size(); ++i) {
    draft.entries[i].begin += bytes;
    draft.entries[i].end += bytes;
  }
  return true;
}

static bool overlap(Draft &draft, Random &random) {
  size_t i = later(draft, random);
  uint64_t bytes = 1 + below(random, draft.entries[i - 1].bytes());
  draft.entries[i].begin -= bytes;
  draft.entries[i].end -= bytes;
  return true;
}

/// Two tensors of the same size in the same place.
static bool samePlace(Draft &draft, Random &random) {
  Entry &twin = draft.pick(random);
  for (Entry &other : draft.entries)
    if (other.begin != twin.begin && other.bytes() == twin.bytes()) {
      twin.begin = other.begin;
      twin.end = other.end;
      return true;
    }
  return false;
}

static bool exchangePlaces(Draft &draft, Random &random) {
  Entry &one = draft.pick(random);
  for (Entry &other : draft.entries)
    if (other.bytes() != one.bytes()) {
      std::swap(one.begin, other.begin);
      std::swap(one.end, other.end);
      return true;
    }
  return false;
}

/// The same tensors in another order of their bytes: as good as before.
static bool shuffleData(Draft &draft, Random &random) {
  std::string data;
  std::vector<size_t> order(draft.entries.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  for (size_t i : order) {
    Entry &entry = draft.entries[i];
    uint64_t begin = data.size();
    data += draft.data.substr(entry.begin, entry.bytes());
    entry.begin = begin;
    entry.end = data.size();
  }
  draft.data = data;
  return true;
}

static const std::vector<Kind> kinds = {
    {"offsets the wrong way round", MOELORA_INVALID, "data_offsets to span",
     [](Draft &d, Random &r) {
       Entry &entry = d.pick(r);
       return std::swap(entry.begin, entry.end), true;
     }},
    {"places exchanged", MOELORA_INVALID, "data_offsets to span",
     exchangePlaces},
    {"hole", MOELORA_INVALID, "leaves a hole", hole},
    {"overlap", MOELORA_INVALID, "overlaps its predecessor", overlap},
    {"two tensors in one place", MOELORA_INVALID,
     "overlaps its predecessor|leaves a hole", samePlace},
    {"offsets beyond all counting", MOELORA_INVALID,
     "data_offsets to span|non-negative integers",
     [](Draft &d, Random &r) {
       Entry &entry = d.pick(r);
       entry.end = oneOf<uint64_t>(r, {INT64_MAX, UINT64_MAX, 1ull << 63,
                                       UINT64_MAX - entry.bytes() + 1});
       return true;
     }},
    {"offsets that wrap", MOELORA_INVALID, "leaves a hole|reaches past the end",
     [](Draft &d, Random &) {
       Entry &entry = d.entries.back();
       entry.begin = INT64_MAX - entry.bytes();
       entry.end = INT64_MAX;
       return true;
     }},
    {"bytes of a tensor gone", MOELORA_INVALID, "reaches past the end",
     [](Draft &d, Random &r) {
       // Up to the end of a tensor, so that none is cut in two.
       d.data.resize(d.entries[later(d, r)].begin);
       return true;
     }},
    {"bytes at the end", MOELORA_INVALID, "bytes at its end",
     [](Draft &d, Random &r) {
       d.data += std::string(1 + below(r, 5000), 'x');
       return true;
     }},
    {"another order of the bytes", MOELORA_OK, "", shuffleData},
    {"another order of the names", MOELORA_OK, "",
     [](Draft &d, Random &r) {
       std::shuffle(d.entries.begin(), d.entries.end(), r);
       return true;
     }},
};

const std::vector<Kind> &offsetKinds() { return kinds; }

} // namespace moelora::test
