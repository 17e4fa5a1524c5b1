// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer is cut into parts of its experts and of its intermediate sizes.

#ifndef MOELORA_DIALECT_CUT_H
#define MOELORA_DIALECT_CUT_H

#include "moelora/dialect/Dialect.h"

namespace moelora {

class CallOp;
class DispatchOp;
class LayerOp;

/// The number of parts of each size that is cut.
struct Cut {
  int64_t experts = 1, intermediate = 1;
  int64_t shared = 1;       // of the intermediate size of the shared expert
  int64_t localExperts = 0; // of each part; 0: an equal share

  /// Of a call with `cut = [experts, intermediate]`. All parts have an equal
  /// share of the shared expert, so that none adds what another does.
  static Cut ofCall(int64_t experts, int64_t intermediate) {
    return {experts, intermediate, experts * intermediate};
  }
  /// Of a layer with a grid. Ranks along ep have the same shared expert.
  static Cut ofGrid(int64_t ep, int64_t tp, int64_t localExperts = 0) {
    return {ep, tp, tp, localExperts};
  }

  bool isWhole() const { return experts == 1 && intermediate == 1; }
};

/// The axis of a grid along which a dimension of the argument of a role is cut.
/// None if every part has the whole. The dimensions of a slot table are its
/// experts, slices, out and in.
std::optional<Axis> cutOf(Role role, unsigned dimension);

/// The type that one part of an argument of this role has; `type` is that of
/// the whole. Null if the cut does not divide a size, and then `why` names both
/// numbers: "8 experts, but cut = [3, 1]".
mlir::Type partOf(Role role, mlir::Type type, Cut cut, std::string &why);

/// The type of the result of one part. A part is a summand of f32.
mlir::RankedTensorType resultOfPart(mlir::RankedTensorType whole, Cut cut);

/// Whether a layer that is the part of a rank leaves the sum over ranks to its
/// caller: its result has not been reduced over ep and tp, nor rounded.
bool yieldsPartialSum(LayerOp layer);

/// The dispatch of a layer that has ids; null if there is none.
DispatchOp routedDispatch(LayerOp layer);

/// The type of the map of all experts of a whole layer, which a part of the
/// experts reads. Null if the layer chooses no experts.
mlir::RankedTensorType expertMapOf(LayerOp layer);

/// Checks that the parts of the layer that is called add up to it. Otherwise
/// emits an error at the call, which names the reason and the cut.
mlir::LogicalResult verifySum(CallOp call, LayerOp layer, Cut cut);

} // namespace moelora

#endif // MOELORA_DIALECT_CUT_H
