// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How checkpoints of a family store operands that do not follow from module
// names.
//
// A layout spells out the dimensions of a tensor in the file, outermost first:
// one letter for each axis of the operand, letters of one dimension together.
//
//   e expert   s slice (gate, up)   r row (output)   c column (input)
//
//   "e,sr,c"   [E, 2I, H], gate rows and then up rows
//   "e,c,rs"   [E, H, 2I], transposed, gate and up columns in turn
//   "er,c"     [E * I, H], the rows of all experts, a tensor for each slice
#ifndef MOELORA_LIB_MODELS_STORAGE_H
#define MOELORA_LIB_MODELS_STORAGE_H

#include "Keys.h"

namespace moelora::models {

/// A tensor of all experts, or one for each slice if the layout has no "s".
struct Stored {
  Keys tensors = {};            // below the block, slice by slice
  const char *layout = nullptr; // null: there is no such tensor
};

/// Every form in which a family's checkpoints store an operand.
struct Forms {
  Stored forms[3] = {};
};

/// The defaults are those of most families. Tensors of one expert each follow
/// from the names of the modules.
struct Storage {
  /// Further names of blocks, which only checkpoints use.
  Keys blocks = {};
  Forms gateUp = {{{{"experts.gate_up_proj"}, "e,sr,c"}}};
  Forms down = {{{{"experts.down_proj"}, "e,r,c"}}};
  Forms gateUpBias = {};
  Forms downBias = {};
  /// Shared experts that are rows of the operands above. Forms correspond by
  /// their position in the lists.
  Forms alwaysGateUp = {};
  Forms alwaysDown = {};
  /// The shared expert's module, if it is outside the block.
  Keys sharedModules = {};

  // The other names are whole paths below the layer.
  Keys selectionBias = {"mlp.gate.e_score_correction_bias"};
  Keys expertScale = {};
  Keys routerNorm = {};
  Keys outputNorm = {};
  Keys tokenTable = {};
};

} // namespace moelora::models

#endif // MOELORA_LIB_MODELS_STORAGE_H
