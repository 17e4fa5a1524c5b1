/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The result of opening an adapter: for each place of a model, the position of
 * its pair in the file, in whatever form it is stored.
 */
#ifndef MOELORA_RUNTIME_ADAPTERPAIRS_H
#define MOELORA_RUNTIME_ADAPTERPAIRS_H

#include "files/CheckpointFiles.h"
#include "files/MatrixView.h"
#include "moelora/runtime/Adapter.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace moelora {

struct AdapterPair {
  MatrixView a; ///< [rank][in]
  MatrixView b; ///< [out][rank]
  int64_t in = 0, out = 0;
  int32_t rank = 0; ///< 0: there is no pair
  bool sharesA = false;
  double scale = 0;
};

/// The pairs of one MoE layer. Each projection has [experts] or [1] pairs, or
/// none.
struct AdapterSite {
  int32_t layer = 0;
  int32_t experts = 0;
  bool packed = false;
  std::array<std::vector<AdapterPair>, MOELORA_PROJECTIONS> pairs;
};

struct AdapterBinding {
  int32_t layers = 0; ///< of the whole model
  std::vector<AdapterSite> sites;
  std::vector<int64_t> elsewhere; ///< tensors that are not of a MoE block
  moelora_adapter_layout layout = MOELORA_LAYOUT_DECIDE; ///< of packed pairs
  std::string why; ///< how it was decided; "" without packed pairs
  moelora_adapter_columns columns = MOELORA_COLUMNS_DECIDE; ///< likewise
};

/// Input and output size of a projection.
struct PairSizes {
  int64_t in, out;
};
PairSizes pairSizes(const moelora_adapter_site &site, int32_t projection);

/// A bit for each projection of this layer that can have pairs.
uint64_t takenProjections(const moelora_adapter_site &site);

/// Whether the adapter can change an output: a pair has a scale, an A and a B
/// that are not zero. Reads tensors until such a pair is found.
bool hasEffect(const CheckpointFiles &files, const AdapterBinding &binding);

/// Stores a pair at its place, or fails if the place has one already. `site` is
/// an index of the target and of the binding.
void addPair(AdapterBinding &binding, const moelora_adapter_target &target,
             size_t site, int32_t projection, int32_t expert, AdapterPair pair,
             std::string_view module);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERPAIRS_H
