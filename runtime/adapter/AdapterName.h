/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Parses the name of a tensor: which low-rank matrix of which module it is.
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

/// The expert of a tensor whose name has no expert number. It applies to all
/// experts.
constexpr int32_t allExperts = -1;

/// Only target_parameters determines what a packed pair adapts.
constexpr int32_t unknownProjection = -1;

/// A place for a pair in a model's MoE block.
struct AdapterPlace {
  enum Kind {
    Elsewhere, ///< not in a MoE block
    Pair,      ///< of a linear module, or of a stack of them
    Packed,    ///< all experts in one pair of two-dimensional matrices
  };
  Kind kind = Elsewhere;
  size_t site = 0; ///< index in the target
  int32_t projection = unknownProjection;
  int32_t slices = 1; ///< 2: `projection` and the next one, gate and up, in one
  int32_t expert = 0; ///< of Pair: a number or allExperts
  int32_t depth = 0;  ///< of Packed: the number of wrappers around it
  bool isB = false;
  /// The path of the wrapped module, which patterns and target_parameters
  /// match, without "base_model.model." and the wrappers' "base_layer". It
  /// refers to the text of the name, as does `wrapper`, which includes
  /// "base_layer".
  std::string_view module, wrapper;
};

/// Projections from this one on adapt one weight of each expert.
inline bool isRouted(int32_t projection) { return projection <= MOELORA_DOWN; }

/// The number of experts in adapters: all with weights except those that are
/// always chosen.
inline int32_t namedExperts(const moelora_adapter_site &site) {
  return site.experts - site.always;
}

/// The component before a layer's number.
inline const char *containerOf(const moelora_adapter_names &names) {
  return names.container ? names.container : "layers";
}

/// Changes a place to the first projection of the experts, with all its slices.
void setGateUp(AdapterPlace &place, const moelora_adapter_site &site);

/// Finds the places of names in one target, which must outlive this object.
class AdapterNames {
public:
  explicit AdapterNames(const moelora_adapter_target &target);

  /// Fails if a name is inside a MoE block but not part of a pair. `name` is
  /// the tensor's name without the segments of wrappers, `tensor` the name in
  /// the file.
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
