// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pairs of an adapter, one at a time, in whatever form they are stored.
#ifndef MOELORA_ADAPTERS_PAIRS_H
#define MOELORA_ADAPTERS_PAIRS_H

#include "moelora/host/Handles.h"

#include <functional>
#include <optional>
#include <vector>

namespace moelora::adapters {

/// delta = scale * B A
struct Pair {
  int64_t in = 0, out = 0;
  int32_t rank = 0;
  int32_t dtype = 0; ///< moelora_dtype of A
  double scale = 0;
  bool sharesA = false; ///< gate and up were stored as one
  std::vector<float> a; ///< [rank][in]
  std::vector<float> b; ///< [out][rank]
};

/// The position of a pair in a model.
struct Place {
  const moelora_adapter_site *site;
  int32_t projection;
  int32_t expert;
};

constexpr const char *projectionNames[MOELORA_PROJECTIONS] = {
    "gate",      "up",          "down",         "router",    "shared_gate",
    "shared_up", "shared_down", "shared_score", "latent_in", "latent_out"};

/// The largest number of pairs of a projection that a layer can have.
inline int32_t expertsOf(const moelora_adapter_site &site, int32_t projection) {
  return projection <= MOELORA_DOWN ? site.experts : 1;
}

/// "layer 3: up of expert 5", "layer 3: router"
std::string placeText(const Place &place);

void forEachPlace(const moelora_adapter_target &target,
                  const std::function<void(const Place &)> &visit);

/// A source of pairs: files or a generator.
using PairSource = std::function<std::optional<Pair>(const Place &)>;

std::optional<Pair> readPair(const moelora_adapter *adapter,
                             const Place &place);

/// Whether two pairs are equal: they have equal scales in f32, and equal
/// components (a row of A with a column of B) in the same order. If the ranks
/// differ, components whose B is zero are skipped, because they add nothing.
bool sameDelta(const Pair &left, const Pair &right);

/// The largest difference of two deltas, relative to their largest element.
double deltaDifference(const Pair &left, const Pair &right);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_PAIRS_H
