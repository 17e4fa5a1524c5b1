// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and compares pairs.
#include "moelora/adapters/Pairs.h"

#include <algorithm>
#include <cmath>

using moelora::host::call;
using moelora::host::sized;

namespace moelora::adapters {

std::string placeText(const Place &place) {
  std::string text = "layer " + std::to_string(place.site->layer) + ": " +
                     projectionNames[place.projection];
  if (place.projection <= MOELORA_DOWN)
    text += " of expert " + std::to_string(place.expert);
  return text;
}

void forEachPlace(const moelora_adapter_target &target,
                  const std::function<void(const Place &)> &visit) {
  for (int32_t i = 0; i < target.sites; ++i)
    for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p)
      for (int32_t e = 0; e < expertsOf(target.site[i], p); ++e)
        visit({&target.site[i], p, e});
}

std::optional<Pair> readPair(const moelora_adapter *adapter,
                             const Place &place) {
  auto info = sized<moelora_pair_info>();
  int32_t layer = place.site->layer, p = place.projection, e = place.expert;
  if (moelora_adapter_pair(adapter, layer, p, e, &info) != MOELORA_OK)
    return std::nullopt;
  Pair pair = {info.in,    info.out,           info.rank, info.dtype,
               info.scale, info.shares_a != 0, {},        {}};
  pair.a.resize(static_cast<size_t>(pair.rank * pair.in));
  pair.b.resize(static_cast<size_t>(pair.out * pair.rank));
  call(moelora_adapter_read_a, adapter, layer, p, e, pair.a.data());
  call(moelora_adapter_read_b, adapter, layer, p, e, pair.b.data());
  return pair;
}

static bool sameValue(float left, float right) {
  return left == right || (std::isnan(left) && std::isnan(right));
}

/// The numbers of the components that are not zero.
static std::vector<int32_t> liveComponents(const Pair &pair, bool all) {
  std::vector<int32_t> live;
  for (int32_t j = 0; j < pair.rank; ++j) {
    bool zero = !all;
    for (int64_t o = 0; zero && o < pair.out; ++o)
      zero = pair.b[static_cast<size_t>(o * pair.rank + j)] == 0;
    if (!zero)
      live.push_back(j);
  }
  return live;
}

static bool sameComponent(const Pair &left, int32_t l, const Pair &right,
                          int32_t r) {
  for (int64_t i = 0; i < left.in; ++i)
    if (!sameValue(left.a[static_cast<size_t>(l * left.in + i)],
                   right.a[static_cast<size_t>(r * right.in + i)]))
      return false;
  for (int64_t o = 0; o < left.out; ++o)
    if (!sameValue(left.b[static_cast<size_t>(o * left.rank + l)],
                   right.b[static_cast<size_t>(o * right.rank + r)]))
      return false;
  return true;
}

bool sameDelta(const Pair &left, const Pair &right) {
  bool all = left.rank == right.rank;
  std::vector<int32_t> l = liveComponents(left, all);
  std::vector<int32_t> r = liveComponents(right, all);
  bool same = l.size() == r.size() && left.in == right.in &&
              left.out == right.out &&
              static_cast<float>(left.scale) == static_cast<float>(right.scale);
  for (size_t i = 0; same && i < l.size(); ++i)
    same = sameComponent(left, l[i], right, r[i]);
  return same;
}

/// Row `o` of the delta.
static void deltaRow(const Pair &pair, int64_t o, std::vector<double> &row) {
  std::fill(row.begin(), row.end(), 0);
  for (int64_t j = 0; j < pair.rank; ++j) {
    double b = pair.scale * pair.b[static_cast<size_t>(o * pair.rank + j)];
    const float *a = pair.a.data() + j * pair.in;
    for (size_t i = 0; i < row.size(); ++i)
      row[i] += b * a[i];
  }
}

double deltaDifference(const Pair &left, const Pair &right) {
  std::vector<double> l(static_cast<size_t>(left.in)), r(l.size());
  double largest = 0, difference = 0;
  for (int64_t o = 0; o < left.out; ++o) {
    deltaRow(left, o, l);
    deltaRow(right, o, r);
    for (size_t i = 0; i < l.size(); ++i) {
      double apart = std::fabs(l[i] - r[i]);
      if (!std::isfinite(apart))
        return INFINITY;
      largest = std::max({largest, std::fabs(l[i]), std::fabs(r[i])});
      difference = std::max(difference, apart);
    }
  }
  return largest == 0 ? 0 : difference / largest;
}

} // namespace moelora::adapters
