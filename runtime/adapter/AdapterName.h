/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a tensor's name says: which low-rank matrix of which module.
 */
#ifndef MOELORA_RUNTIME_ADAPTERNAME_H
#define MOELORA_RUNTIME_ADAPTERNAME_H

#include "base/Work.h"
#include "moelora/runtime/Abi.h"
#include "moelora/runtime/AdapterTarget.h"

#include <string>
#include <string_view>
#include <vector>

namespace moelora {

/// Of a tensor whose name has no expert's number: it serves all of them.
constexpr int32_t allExperts = -1;

/// Only target_parameters tells what a packed pair adapts.
constexpr int32_t unknownProjection = -1;

/// A place for a pair in a model's MoE block.
struct AdapterPlace {
  enum Kind {
    Elsewhere, ///< not in a MoE block
    Pair,      ///< of a linear, or of a stack of them
    Packed,    ///< all experts in one pair of two-dimensional matrices
  };
  Kind kind = Elsewhere;
  size_t site = 0; ///< index in the target
  int32_t projection = unknownProjection;
  int32_t slices = 1; ///< 2: `projection` and the next one, gate and up, in one
  int32_t expert = 0; ///< of Pair: a number or allExperts
  int32_t depth = 0;  ///< of Packed: how many wrappers are around it
  bool isB = false;
  /// Path of the wrapped module, without "base_model.model.", without the
  /// wrappers' "base_layer": what patterns and target_parameters match. Part of
  /// the placed name, as is `wrapper`, which has the "base_layer".
  std::string_view module, wrapper;
};

/// Projections from this one on are of the experts' weights, one each.
inline bool isRouted(int32_t projection) { return projection <= MOELORA_DOWN; }

/// Experts that adapters count: all with weights but the always chosen ones.
inline int32_t namedExperts(const moelora_adapter_site &site) {
  return site.experts - site.always;
}

/// The word before a layer's number.
inline const char *containerOf(const moelora_adapter_names &names) {
  return names.container ? names.container : "layers";
}

/// Makes a place one of the experts' first projection: all its slices.
void setGateUp(AdapterPlace &place, const moelora_adapter_site &site);

/// Places names in one target, which must outlive it.
class AdapterNames {
public:
  explicit AdapterNames(const moelora_adapter_target &target);

  /// Fails on a name inside a MoE block that is no part of a pair. `name` is
  /// the tensor's without wrappers' segments, `tensor` the one in the file.
  AdapterPlace place(std::string_view name, const std::string &tensor) const;

private:
  void placeInBlock(std::string_view inside, const std::string &tensor,
                    AdapterPlace &place) const;

  const moelora_adapter_target &target;
  std::vector<int32_t> siteOfLayer; ///< -1: a dense layer
};

/// Fails when modules_to_save replaces a part of a MoE block.
void checkModulesToSave(const moelora_adapter_target &target,
                        const std::vector<std::string> &entries, Work &work);

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERNAME_H
