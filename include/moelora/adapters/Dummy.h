// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random adapters of realistic size, for warming up an engine, for trying a
// layer, and for benchmarks.
#ifndef MOELORA_ADAPTERS_DUMMY_H
#define MOELORA_ADAPTERS_DUMMY_H

#include "moelora/adapters/NewAdapter.h"
#include "moelora/reference/Random.h"

namespace moelora::adapters {

struct DummyOptions {
  Form form = Form::PerExpert;
  moelora_dtype dtype = MOELORA_BF16;
  std::vector<int32_t> ranks = {16}; ///< used by the layers in turn
  std::vector<int32_t> layers = {};  ///< empty: all MoE layers
  bool random = false;               ///< B is random too, and not zero
  uint64_t seed = 0;
};

/// Generates the pairs of all routed experts in some layers. The values are the
/// same on every machine.
class Dummy {
public:
  /// Throws host::Error if a layer has no experts, or if memory cannot hold the
  /// adapter. Everything to which the target points is borrowed.
  Dummy(const moelora_adapter_target &target, DummyOptions options);

  size_t layers() const { return rankOf.size(); }
  double bytes() const; ///< of all values

  std::optional<Pair> pair(const Place &place) const;
  NewAdapter make(const host::Progress &progress = {}) const;

private:
  struct Sizes {
    int64_t in, out;
  };
  static Sizes sizesOf(const Place &place);
  void chooseLayers();
  bool isWanted(const Place &place) const;
  /// The places whose A and B are also those of `place`.
  Place placeOfA(Place place) const;
  Place placeOfB(Place place) const;
  void fill(std::vector<float> &values, const Place &place, uint64_t side,
            double deviation) const;

  moelora_adapter_target target;
  DummyOptions options;
  std::map<int32_t, int32_t> rankOf; ///< by layer that gets pairs
  mutable std::map<double, reference::RandomValues> values; ///< by deviation
};

/// Opens a dummy without a folder of the caller.
host::AdapterHandle openDummy(const Dummy &dummy,
                              const moelora_adapter_target &target);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_DUMMY_H
