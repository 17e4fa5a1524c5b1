/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tensors of a file, joined into pairs by their names. Their shapes are
 * checked later.
 */
#ifndef MOELORA_RUNTIME_ADAPTERDRAFT_H
#define MOELORA_RUNTIME_ADAPTERDRAFT_H

#include "adapter/AdapterConfig.h"
#include "adapter/AdapterName.h"
#include "adapter/AdapterPath.h"
#include "files/CheckpointFiles.h"
#include "files/MatrixView.h"

namespace moelora {

/// One matrix of a pair.
struct AdapterHalf {
  int64_t tensor = -1;  ///< index in the checkpoint; -1: missing
  bool ofStack = false; ///< stored for all experts, with or without a dimension
                        ///< for them
  std::string_view module; ///< as in AdapterPlace; of another module than
                           ///< the draft's if a stack provides the matrix
};

/// Two matrices that are lora_A and lora_B of one module.
struct AdapterDraft {
  AdapterPlace place;
  AdapterHalf a, b;
};

/// The input of every step of binding.
struct AdapterSource {
  const moelora_adapter_target &target;
  const AdapterConfig &config;
  const CheckpointFiles &files;
  Work &work;

  const moelora_adapter_site &site(const AdapterDraft &draft) const {
    return target.site[draft.place.site];
  }
  const Tensor &tensor(int64_t index) const {
    return files.tensors()[static_cast<size_t>(index)];
  }
};

/// Joins the tensors of the file into complete pairs, or fails. The indices of
/// tensors outside MoE blocks are returned separately. Drafts are valid as long
/// as `names`.
std::vector<AdapterDraft> collectDrafts(const AdapterSource &source,
                                        BareNames &names,
                                        std::vector<int64_t> &elsewhere);

/// The rows of one slice, of a matrix with [slices * out] rows.
MatrixView takeSlice(MatrixView rows, const moelora_adapter_site &site,
                     const AdapterPlace &place, int32_t slice, int64_t out);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERDRAFT_H
