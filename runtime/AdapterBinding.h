/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The result of opening an adapter: for each place of a model, where its pair
 * lies in the file, however it was stored.
 */
#ifndef MOELORA_RUNTIME_ADAPTERBINDING_H
#define MOELORA_RUNTIME_ADAPTERBINDING_H

#include "AdapterConfig.h"
#include "AdapterName.h"
#include "CheckpointFiles.h"
#include "MatrixView.h"
#include "moelora/runtime/Adapter.h"

namespace moelora {

struct AdapterPair {
  MatrixView a; ///< [rank][in]
  MatrixView b; ///< [out][rank]
  int64_t in = 0, out = 0;
  int32_t rank = 0; ///< 0: there is no pair
  bool sharesA = false;
  double scale = 0;
};

/// The pairs of one MoE layer: by projection [experts] or [1], or empty.
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
};

/// One matrix of a pair.
struct AdapterHalf {
  int64_t tensor = -1;  ///< index in the checkpoint; -1: missing
  bool ofStack = false; ///< stored for all experts, with or without a dimension
                        ///< for them
};

/// Two matrices that were found to be lora_A and lora_B of one module.
struct AdapterDraft {
  AdapterPlace place;
  AdapterHalf a, b;
};

/// What every step of binding looks at.
struct AdapterSource {
  const moelora_adapter_target &target;
  const AdapterConfig &config;
  const CheckpointFiles &files;

  const moelora_adapter_site &site(const AdapterDraft &draft) const {
    return target.site[draft.place.site];
  }
  const Tensor &tensor(int64_t index) const {
    return files.tensors()[static_cast<size_t>(index)];
  }
};

/// Joins the tensors of the file into whole pairs, or fails; the indices of
/// those that are of no MoE block are set aside.
std::vector<AdapterDraft> collectDrafts(const AdapterSource &source,
                                        std::vector<int64_t> &elsewhere);

/// Input and output size of a projection.
struct PairSizes {
  int64_t in, out;
};
PairSizes pairSizes(const moelora_adapter_site &site, int32_t projection);

/// Of a matrix of [slices * out] rows, the rows of one slice.
MatrixView takeSlice(MatrixView rows, const moelora_adapter_site &site,
                     const AdapterPlace &place, int32_t slice, int64_t out);

/// Puts a pair in its place; fails when another one is there.
void addPair(AdapterBinding &binding, const AdapterSource &source, size_t site,
             int32_t projection, int32_t expert, AdapterPair pair,
             std::string_view module);

/// Binds every tensor, or fails.
AdapterBinding bindAdapter(const AdapterSource &source,
                           moelora_adapter_layout stated);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERBINDING_H
