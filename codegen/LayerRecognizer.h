// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognises a layer from the output back to the arguments, value by value. The
// first expectation that does not hold is the misfit.
#ifndef MOELORA_CODEGEN_LAYERRECOGNIZER_H
#define MOELORA_CODEGEN_LAYERRECOGNIZER_H

#include "LayerDescription.h"
#include "moelora/dialect/Cut.h"
#include "llvm/ADT/DenseSet.h"

namespace moelora::codegen {

/// A linear projection, by the roles of its parts. The layer may lack some of
/// them.
struct Linear {
  Role weight;
  std::optional<Role> bias;
  moelora_bias biasBit;
  Role table;
};

inline constexpr Linear router = {Role::RouterWeight, Role::RouterBias,
                                  MOELORA_HAS_ROUTER_BIAS,
                                  Role::RouterAdapters};
inline constexpr Linear gateUp = {Role::GateUpWeight, Role::GateUpBias,
                                  MOELORA_HAS_GATE_UP_BIAS,
                                  Role::GateUpAdapters};
inline constexpr Linear down = {Role::DownWeight, Role::DownBias,
                                MOELORA_HAS_DOWN_BIAS, Role::DownAdapters};
inline constexpr Linear latentIn = {Role::LatentInWeight, Role::LatentInBias,
                                    MOELORA_HAS_LATENT_IN_BIAS,
                                    Role::LatentInAdapters};
inline constexpr Linear latentOut = {Role::LatentOutWeight, Role::LatentOutBias,
                                     MOELORA_HAS_LATENT_OUT_BIAS,
                                     Role::LatentOutAdapters};
inline constexpr Linear sharedGateUp = {
    Role::SharedGateUpWeight, Role::SharedGateUpBias,
    MOELORA_HAS_SHARED_GATE_UP_BIAS, Role::SharedGateUpAdapters};
inline constexpr Linear sharedDown = {
    Role::SharedDownWeight, Role::SharedDownBias, MOELORA_HAS_SHARED_DOWN_BIAS,
    Role::SharedDownAdapters};
inline constexpr Linear sharedScore = {Role::SharedScoreWeight, std::nullopt,
                                       moelora_bias(0),
                                       Role::SharedScoreAdapters};

enum class Ending { Accumulator, Activation, Sum }; // of a matmul

class Recognizer {
public:
  Recognizer(LayerOp layer, Misfit &misfit)
      : layer(layer), misfit(misfit),
        ep(layer.getGrid() ? layer.getGrid()->getEp() : 1),
        tp(layer.getGrid() ? layer.getGrid()->getTp() : 1),
        isPartial(yieldsPartialSum(layer)),
        hidden(layer.getArgument(Role::Hidden)),
        element(mlir::getElementTypeOrSelf(hidden.getType())) {}

  bool recognize();
  moelora_layer result = cleared<moelora_layer>();

private:
  LayerOp layer;
  Misfit &misfit;
  int64_t ep, tp; // the ranks over which experts and sizes are cut
  bool isPartial; // the caller adds up the sums of ranks
  mlir::Value hidden;
  mlir::Type element; // the layer's
  llvm::DenseSet<mlir::Operation *> seen;
  llvm::DenseSet<mlir::Value> read;                     // arguments
  llvm::DenseMap<mlir::Operation *, FinishOp> finishes; // by a rank's matmul

  /// `text` describes both sides, which differ if it fails.
  bool expect(bool holds, mlir::Operation *op, const llvm::Twine &text) {
    if (!holds && !misfit.op)
      misfit = {op, ("expects " + text).str()};
    return holds;
  }
  bool expectValue(bool holds, mlir::Operation *op, const llvm::Twine &text,
                   mlir::Value found) {
    return expect(holds, op, text + ", but gets " + tell(found));
  }
  std::string tell(mlir::Value value);
  bool expectArgument(mlir::Operation *op, llvm::StringRef name,
                      mlir::Value found, Role role);
  bool expectInput(mlir::Operation *op, mlir::Value found, Role role);
  /// The matmul that makes a value which `reader` reads as `name`, or null.
  GroupedMatmulOp matmul(mlir::Operation *reader, llvm::StringRef name,
                         mlir::Value value);
  /// The same before the reduce and the finish of a layer that was cut.
  GroupedMatmulOp sum(mlir::Operation *reader, llvm::StringRef name,
                      mlir::Value value);
  /// Steps from a sum of the ranks along axes back to the partial sums of each.
  bool partialSums(mlir::Operation *&reader, mlir::Value &value,
                   llvm::ArrayRef<Axis> axes);
  /// Steps from rows that ranks gather, or own ones of these, back to them.
  mlir::Value origin(mlir::Value value);
  bool plan(mlir::Operation *reader, mlir::Value plan, bool routed);
  bool linear(GroupedMatmulOp op, const Linear &linear, Ending ending);
  bool delta(GroupedMatmulOp op, Role table, mlir::Value rows);
  bool norm(RmsNormOp op, Role weight, moelora_norm &norm);
  bool routedPart(GroupedMatmulOp op);
  bool expertInput(GroupedMatmulOp op, mlir::Value &input);
  bool choice(PlanOp op, mlir::Value &weights);
  bool route(RouteOp op);
  bool routerInput(GroupedMatmulOp op);
  bool combine(GroupedMatmulOp op, mlir::Value weights, mlir::Value input);
  bool zeroExperts(GroupedMatmulOp op, PlanOp plan, mlir::Value weights,
                   mlir::Value input);
  /// `op` adds the identity rows, if there are any.
  template <typename Op>
  bool identityRows(Op op, PlanOp plan, mlir::Value weights, mlir::Value input);
  bool sharedPart(GroupedMatmulOp op);
  bool everythingHasItsPart();
};

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_LAYERRECOGNIZER_H
