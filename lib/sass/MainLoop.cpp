// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which part of a kernel is its main loop.

#include "Code.h"

#include <algorithm>

namespace moelora::sass {
namespace {

/// Instructions from `begin` up to `end`.
struct Range {
  size_t begin, end;

  bool contains(const Range &other) const {
    return begin <= other.begin && other.end <= end &&
           (begin != other.begin || end != other.end);
  }
};

class Finder {
public:
  explicit Finder(const Code &code) : code(code) {
    sums.emplace_back();
    for (const Mix &instruction : code.instructions) {
      sums.push_back(sums.back());
      sums.back() += instruction;
    }
    findLoops();
  }

  /// The loop without another loop inside that multiplies most, and that also
  /// has instructions of `fed`.
  std::optional<Range> busiest(Kind fed) const;
  /// From the first LDSM of the kernel to the last product that follows one
  /// before the code branches.
  std::optional<Range> unrolled() const;

  Mix mix(const Range &range) const;

private:
  void findLoops();
  int64_t count(const Range &range, Kind kind) const {
    return sums[range.end][kind] - sums[range.begin][kind];
  }
  bool is(size_t place, Kind kind) const {
    return code.instructions[place][kind] > 0;
  }

  const Code &code;
  std::vector<Mix> sums; ///< of the instructions before a place
  std::vector<Range> loops;
};

/// The smallest ones first. A branch back from behind the end of the kernel,
/// where rare cases are, closes no loop.
void Finder::findLoops() {
  for (const Code::Branch &branch : code.branches) {
    auto label = code.labels.find(branch.target);
    if (label == code.labels.end() || label->second >= branch.from)
      continue;
    Range loop = {label->second, branch.from + 1};
    auto end = std::lower_bound(code.ends.begin(), code.ends.end(), loop.begin);
    if (end == code.ends.end() || *end >= loop.end)
      loops.push_back(loop);
  }
  std::sort(loops.begin(), loops.end(), [](const Range &a, const Range &b) {
    return a.end - a.begin < b.end - b.begin;
  });
}

std::optional<Range> Finder::busiest(Kind fed) const {
  std::optional<Range> best;
  std::vector<Range> inner; // those that contain no other
  for (const Range &loop : loops) {
    if (std::any_of(inner.begin(), inner.end(),
                    [&](const Range &other) { return loop.contains(other); }))
      continue;
    inner.push_back(loop);
    int64_t products = count(loop, Kind::Tensor);
    if (products && count(loop, fed) &&
        (!best || products > count(*best, Kind::Tensor)))
      best = loop;
  }
  return best;
}

std::optional<Range> Finder::unrolled() const {
  size_t all = code.instructions.size(), first = 0, end = 0;
  while (first < all && !is(first, Kind::LoadMatrix))
    ++first;
  bool loaded = false;
  for (size_t place = first; place < all; ++place) {
    loaded |= is(place, Kind::LoadMatrix);
    loaded &= !is(place, Kind::Branch);
    if (loaded && is(place, Kind::Tensor))
      end = place + 1;
  }
  return end > first ? std::optional<Range>({first, end}) : std::nullopt;
}

Mix Finder::mix(const Range &range) const {
  Mix sum;
  for (size_t place = range.begin; place < range.end; ++place)
    sum += code.instructions[place];
  return sum;
}

} // namespace

void findMainLoop(const Code &code, Kernel &kernel) {
  if (kernel.whole[Kind::Tensor] == 0)
    return;
  Finder finder(code);
  auto loop = finder.busiest(Kind::LoadMatrix);
  if (!loop && kernel.whole[Kind::LoadMatrix]) {
    loop = finder.unrolled();
    kernel.unrolled = loop.has_value();
  }
  if (!loop)
    loop = finder.busiest(Kind::Tensor);
  if (loop)
    kernel.mainLoop = finder.mix(*loop);
}

} // namespace moelora::sass
