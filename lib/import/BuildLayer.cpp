// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The body of a layer: route, dispatch, the experts, the shared expert,
// combine.

#include "Attributes.h"
#include "Signature.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace moelora;

namespace {

/// One MLP over a plan: its weights, tables and non-linearity.
struct Mlp {
  Role gateUp;
  std::optional<Role> gateUpBias;
  Role gateUpTable, down;
  std::optional<Role> downBias;
  Role downTable;
  ActivationAttr activation;
  int64_t width;
};

class LayerBuilder {
public:
  LayerBuilder(OpBuilder &builder, LayerOp op, const moelora_layer &layer,
               FloatType type)
      : builder(builder), op(op), layer(layer), type(type),
        hidden(op.getArgument(Role::Hidden)) {}

  void build(RouterAttr router, ActivationAttr activation,
             ActivationAttr sharedActivation);

private:
  OpBuilder &builder;
  LayerOp op;
  const moelora_layer &layer;
  FloatType type;
  Value hidden;
  Value slots;   // resolved; null without adapters
  Value onePlan; // of one expert; made when first needed

  Value resolveSlots();
  Value dispatch(Value ids, int64_t experts, int64_t topK);
  Value getOnePlan();
  std::pair<Value, Value> route(RouterAttr router);
  Value project(Value rows, Value plan, Role weight, std::optional<Role> bias,
                Role table);
  Value mlp(const Mlp &mlp, Value plan);
  Value sharedExpert(ActivationAttr activation);
};

} // namespace

Value LayerBuilder::resolveSlots() {
  SmallVector<Value> tables;
  for (BlockArgument argument : op.getBody().getArguments())
    if (isa<SlotTableType>(argument.getType()))
      tables.push_back(argument);
  if (tables.empty())
    return {};
  Value ids = op.getArgument(Role::Slots);
  return ResolveSlotsOp::create(builder, op.getLoc(), ids.getType(), ids,
                                tables);
}

Value LayerBuilder::dispatch(Value ids, int64_t experts, int64_t topK) {
  int64_t count = 0;
  if (slots)
    count = cast<SlotTableType>(op.getArgument(Role::GateUpAdapters).getType())
                .getSlots();
  auto plan = PlanType::get(op.getContext(), experts, count, topK);
  return DispatchOp::create(builder, op.getLoc(), plan, ids, slots);
}

Value LayerBuilder::getOnePlan() {
  if (!onePlan)
    onePlan = dispatch(/*ids=*/{}, /*experts=*/1, /*topK=*/1);
  return onePlan;
}

/// A linear with its delta, both in one accumulator that is not rounded.
Value LayerBuilder::project(Value rows, Value plan, Role weight,
                            std::optional<Role> bias, Role table) {
  Value matrix = op.getArgument(weight);
  auto shape = cast<RankedTensorType>(matrix.getType()).getShape();
  Type result = rowsOf(builder.getF32Type(), shape.drop_front().drop_back());
  bool gather = rows == hidden;
  Value offset = bias ? op.getArgument(*bias) : BlockArgument();
  Value sum = ExpertGemmOp::create(builder, op.getLoc(), result, rows, plan,
                                   matrix, offset, gather);
  if (Value adapters = op.getArgument(table))
    sum = LoraDeltaOp::create(builder, op.getLoc(), result, rows, plan,
                              adapters, sum, gather);
  return sum;
}

std::pair<Value, Value> LayerBuilder::route(RouterAttr router) {
  if (Value ids = op.getArgument(Role::ExpertIds))
    return {ids, op.getArgument(Role::ExpertWeights)};
  Value logits = op.getArgument(Role::RouterLogits);
  if (!logits)
    logits = project(hidden, getOnePlan(), Role::RouterWeight, Role::RouterBias,
                     Role::RouterAdapters);
  auto route = RouteOp::create(
      builder, op.getLoc(), rowsOf(builder.getI32Type(), router.getTopK()),
      rowsOf(builder.getF32Type(), router.getTopK()), logits,
      op.getArgument(Role::SelectionBias), router);
  return {route.getIds(), route.getWeights()};
}

Value LayerBuilder::mlp(const Mlp &mlp, Value plan) {
  Value sums =
      project(hidden, plan, mlp.gateUp, mlp.gateUpBias, mlp.gateUpTable);
  Value activated = ActivationOp::create(
      builder, op.getLoc(), rowsOf(type, mlp.width), sums, mlp.activation);
  return project(activated, plan, mlp.down, mlp.downBias, mlp.downTable);
}

Value LayerBuilder::sharedExpert(ActivationAttr activation) {
  if (layer.shared == 0)
    return {};
  return mlp({Role::SharedGateUpWeight, std::nullopt,
              Role::SharedGateUpAdapters, Role::SharedDownWeight, std::nullopt,
              Role::SharedDownAdapters, activation, layer.shared},
             getOnePlan());
}

void LayerBuilder::build(RouterAttr router, ActivationAttr activation,
                         ActivationAttr sharedActivation) {
  slots = resolveSlots();
  auto [ids, weights] = route(router);
  Value plan = dispatch(ids, layer.router.experts, layer.router.top_k);
  Value routed = mlp({Role::GateUpWeight, Role::GateUpBias,
                      Role::GateUpAdapters, Role::DownWeight, Role::DownBias,
                      Role::DownAdapters, activation, layer.intermediate},
                     plan);
  Value shared = sharedExpert(sharedActivation);
  Value score;
  if (shared && layer.shared_score)
    score = project(hidden, getOnePlan(), Role::SharedScoreWeight, std::nullopt,
                    Role::SharedScoreAdapters);
  Value output = CombineOp::create(
      builder, op.getLoc(), rowsOf(type, layer.hidden), routed, plan, weights,
      shared, score, builder.getF32FloatAttr(layer.routed_scale));
  YieldOp::create(builder, op.getLoc(), output);
}

/// An empty layer with its arguments.
static LayerOp createLayer(OpBuilder &builder, Location location,
                           const Signature &signature, FloatType type,
                           const moelora_layer &layer,
                           const LayerOptions &options) {
  MLIRContext *context = builder.getContext();
  SmallVector<Attribute> roles;
  for (Role role : signature.roles())
    roles.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("moelora.role", RoleAttr::get(context, role))));
  Type output = rowsOf(type, layer.hidden);
  auto op =
      LayerOp::create(builder, location, options.name,
                      builder.getFunctionType(signature.types(), output),
                      /*sym_visibility=*/nullptr, builder.getArrayAttr(roles),
                      /*res_attrs=*/nullptr);
  if (options.number)
    op->setAttr("moelora.layer_number",
                builder.getI64IntegerAttr(*options.number));
  Block &body = op.getBody().emplaceBlock();
  for (Type argument : signature.types())
    body.addArgument(argument, location);
  return op;
}

static bool checkRange(EmitError emitError, StringRef name, int64_t value,
                       int64_t least, int64_t most) {
  if (value >= least && value <= most)
    return true;
  emitError() << "expects " << name << " to be in [" << least << ", " << most
              << "], but it is " << value;
  return false;
}

/// What would otherwise make types that are not well-formed.
static bool checkSizes(EmitError emitError, const moelora_layer &layer,
                       const LayerOptions &options) {
  return checkRange(emitError, "slots", options.slots, 0, mostSlots) &&
         checkRange(emitError, "max_rank", options.maxRank, 1, mostRank) &&
         checkRange(emitError, "hidden", layer.hidden, 1, mostSize) &&
         checkRange(emitError, "intermediate", layer.intermediate, 1,
                    mostSize) &&
         checkRange(emitError, "shared", layer.shared, 0, mostSize) &&
         checkRange(emitError, "experts", layer.router.experts, 1, mostSize) &&
         checkRange(emitError, "top_k", layer.router.top_k, 1,
                    layer.router.experts);
}

FailureOr<LayerOp> moelora::buildLayer(OpBuilder &builder, Location location,
                                       const moelora_layer &layer,
                                       const LayerOptions &options) {
  auto emitError = [&] { return mlir::emitError(location); };
  MLIRContext *context = builder.getContext();
  if (!checkSizes(emitError, layer, options))
    return failure();
  FloatType type = importType(context, emitError, layer.dtype);
  RouterAttr router = importRouter(context, emitError, layer.router);
  ActivationAttr activation =
      importActivation(context, emitError, layer.activation);
  ActivationAttr shared = activation;
  if (layer.shared > 0)
    shared = importActivation(context, emitError, layer.shared_activation);
  if (!type || !router || !activation || !shared)
    return failure();

  OpBuilder::InsertionGuard guard(builder);
  LayerOp op = createLayer(builder, location, Signature(layer, options, type),
                           type, layer, options);
  builder.setInsertionPointToStart(&op.getBody().front());
  LayerBuilder(builder, op, layer, type).build(router, activation, shared);
  if (succeeded(mlir::verify(op)))
    return op;
  op.erase();
  return failure();
}
