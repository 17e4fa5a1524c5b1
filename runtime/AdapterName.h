/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a tensor's name says: which low-rank matrix of which module.
 */
#ifndef MOELORA_RUNTIME_ADAPTERNAME_H
#define MOELORA_RUNTIME_ADAPTERNAME_H

#include "moelora/runtime/Abi.h"
#include "moelora/runtime/AdapterTarget.h"

#include <string>
#include <string_view>
#include <vector>

namespace moelora {

/// A place for a pair in a model's MoE block.
struct AdapterPlace {
  /// Packed: one pair for all experts; which of the two parameters it adapts
  /// is known from the name (PackedGateUp, PackedDown) or from nesting alone.
  enum Kind { Elsewhere, Plain, Packed, PackedGateUp, PackedDown };
  Kind kind = Elsewhere;
  size_t site = 0;        ///< index in the target
  int32_t projection = 0; ///< of Plain: moelora_projection
  int32_t expert = 0;     ///< of Plain
  int32_t depth = 0;      ///< of Packed: how many wrappers are around it
  bool isB = false;
  /// Path of the wrapped module, without "base_model.model.", without the
  /// wrappers' "base_layer": what patterns and target_parameters match.
  std::string module;
};

/// Places names in one target, which must outlive it.
class AdapterNames {
public:
  /// Checks the target itself, or fails.
  explicit AdapterNames(const moelora_adapter_target &target);

  /// Fails on a name inside a MoE block that is no part of a pair.
  AdapterPlace place(const std::string &tensor) const;

  /// Fails when modules_to_save replaces a part of a MoE block.
  void checkModulesToSave(const std::vector<std::string> &entries) const;

private:
  void placeInBlock(std::string_view inside, const std::string &tensor,
                    AdapterPlace &place) const;
  bool placeExpert(std::string_view rest, const std::string &tensor,
                   AdapterPlace &place) const;
  bool placeSingle(std::string_view module, AdapterPlace &place) const;

  const moelora_adapter_target &target;
  std::vector<int32_t> siteOfLayer; ///< -1: a dense layer
};

} // namespace moelora

#endif // MOELORA_RUNTIME_ADAPTERNAME_H
