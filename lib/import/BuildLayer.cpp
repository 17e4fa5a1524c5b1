// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the body of a layer: route, dispatch, the experts, the shared expert,
// combine.

#include "Attributes.h"
#include "Signature.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace moelora;

namespace {

/// A linear projection, by the roles of its parts. The layer may lack some of
/// them.
struct Linear {
  Role weight;
  std::optional<Role> bias; // none: no layer has this part
  Role table;
};

constexpr Linear router = {Role::RouterWeight, Role::RouterBias,
                           Role::RouterAdapters};
constexpr Linear gateUp = {Role::GateUpWeight, Role::GateUpBias,
                           Role::GateUpAdapters};
constexpr Linear down = {Role::DownWeight, Role::DownBias, Role::DownAdapters};
constexpr Linear latentIn = {Role::LatentInWeight, Role::LatentInBias,
                             Role::LatentInAdapters};
constexpr Linear latentOut = {Role::LatentOutWeight, Role::LatentOutBias,
                              Role::LatentOutAdapters};
constexpr Linear sharedGateUp = {Role::SharedGateUpWeight,
                                 Role::SharedGateUpBias,
                                 Role::SharedGateUpAdapters};
constexpr Linear sharedDown = {Role::SharedDownWeight, Role::SharedDownBias,
                               Role::SharedDownAdapters};
constexpr Linear sharedScore = {Role::SharedScoreWeight, std::nullopt,
                                Role::SharedScoreAdapters};

/// The ids and weights from the router or from outside.
struct Choice {
  Value ids, weights;
};

/// The attributes of a layer. That of the shared expert is null without one.
struct Functions {
  RouterAttr router;
  ActivationAttr routed, shared;
};

class LayerBuilder {
public:
  LayerBuilder(OpBuilder &builder, LayerOp op, const moelora_layer &layer,
               FloatType type)
      : builder(builder), op(op), layer(layer), type(type),
        hidden(op.getArgument(Role::Hidden)) {}

  void build(const Functions &functions);

private:
  OpBuilder &builder;
  LayerOp op;
  const moelora_layer &layer;
  FloatType type;
  Value hidden;
  Value slots;   // resolved; null without adapters
  Value onePlan; // of one expert; made when first needed

  Value resolveSlots();
  Value dispatch(Value ids, int64_t experts, int64_t topK, int64_t zeroExperts);
  Value getOnePlan();
  Value norm(Value rows, const moelora_norm &norm, Role weight, Type element);
  Value project(Value rows, Value plan, const Linear &linear,
                Value deltaRows = {});
  CombineOp combine(Value rows, Value plan, int64_t width);

  Value logits();
  Choice route(RouterAttr attribute);
  Value experts(Value input, Value plan, const Choice &choice,
                ActivationAttr function);
  Value routed(const Choice &choice, ActivationAttr function);
  void addIdentity(CombineOp op, const Choice &choice, Value input);
  void addShared(CombineOp op, ActivationAttr function);
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

Value LayerBuilder::dispatch(Value ids, int64_t experts, int64_t topK,
                             int64_t zeroExperts) {
  int64_t count = 0;
  if (slots)
    count = cast<SlotTableType>(op.getArgument(Role::GateUpAdapters).getType())
                .getSlots();
  auto plan = PlanType::get(op.getContext(), experts, count, topK);
  return DispatchOp::create(builder, op.getLoc(), plan, ids, slots,
                            /*map=*/Value(), zeroExperts, /*over=*/AxesAttr());
}

Value LayerBuilder::getOnePlan() {
  if (!onePlan)
    onePlan = dispatch(/*ids=*/{}, /*experts=*/1, /*topK=*/1,
                       /*zeroExperts=*/0);
  return onePlan;
}

/// The rows themselves if there is no such norm.
Value LayerBuilder::norm(Value rows, const moelora_norm &norm, Role weight,
                         Type element) {
  if (!norm.present)
    return rows;
  return RmsNormOp::create(builder, op.getLoc(), rowsOf(element, layer.hidden),
                           rows, op.getArgument(weight),
                           builder.getF32FloatAttr(norm.epsilon),
                           builder.getF32FloatAttr(norm.scale));
}

/// A linear projection with its delta, both in one accumulator that is not
/// rounded. The result of an activation has rows of pairs; all other rows are
/// those of tokens. The delta reads `deltaRows` if they are given.
Value LayerBuilder::project(Value rows, Value plan, const Linear &linear,
                            Value deltaRows) {
  Value weight = op.getArgument(linear.weight);
  auto shape = cast<RankedTensorType>(weight.getType()).getShape();
  Type result = rowsOf(builder.getF32Type(), shape.drop_front().drop_back());
  bool gather = !rows.getDefiningOp<ActivationOp>();
  Value bias = linear.bias ? op.getArgument(*linear.bias) : BlockArgument();
  Value sum = ExpertGemmOp::create(builder, op.getLoc(), result, rows, plan,
                                   weight, bias, gather);
  if (Value adapters = op.getArgument(linear.table))
    sum = LoraDeltaOp::create(builder, op.getLoc(), result,
                              deltaRows ? deltaRows : rows, plan, adapters, sum,
                              gather);
  return sum;
}

/// A combine without weights and other terms, which rounds the rows.
CombineOp LayerBuilder::combine(Value rows, Value plan, int64_t width) {
  FloatAttr one = builder.getF32FloatAttr(1);
  return CombineOp::create(builder, op.getLoc(), rowsOf(type, width), rows,
                           plan, /*weights=*/Value(), /*identity=*/Value(),
                           /*identity_weights=*/Value(), /*shared=*/Value(),
                           /*score=*/Value(), /*routed_scale=*/one,
                           /*shared_scale=*/one, /*own=*/AxesAttr(),
                           /*shared_once=*/UnitAttr());
}

/// A router may read a separate tensor, or its norm, in f32. An adapter's A has
/// the layer's type, and reads rows of this type.
Value LayerBuilder::logits() {
  Value input = hidden;
  if (layer.router_input)
    input = op.getArgument(Role::RouterHidden);
  auto weight =
      cast<RankedTensorType>(op.getArgument(Role::RouterWeight).getType());
  auto normed = [&](Type element) {
    return norm(input, layer.router_norm, Role::RouterNormWeight, element);
  };
  Value rows = normed(weight.getElementType());
  Value deltaRows = rows;
  if (op.getArgument(Role::RouterAdapters) &&
      cast<RankedTensorType>(rows.getType()).getElementType() != type)
    deltaRows = normed(type);
  return project(rows, getOnePlan(), router, deltaRows);
}

Choice LayerBuilder::route(RouterAttr attribute) {
  if (Value ids = op.getArgument(Role::ExpertIds))
    return {ids, op.getArgument(Role::ExpertWeights)};
  Value given = op.getArgument(Role::RouterLogits);
  auto route = RouteOp::create(
      builder, op.getLoc(), rowsOf(builder.getI32Type(), attribute.getTopK()),
      rowsOf(builder.getF32Type(), attribute.getTopK()),
      given ? given : logits(), op.getArgument(Role::SelectionBias),
      op.getArgument(Role::ExpertScale), op.getArgument(Role::TokenTable),
      op.getArgument(Role::TokenIds), attribute);
  return {route.getIds(), route.getWeights()};
}

Value LayerBuilder::experts(Value input, Value plan, const Choice &choice,
                            ActivationAttr function) {
  Value sums = project(input, plan, gateUp);
  bool weighted = layer.weight_on_input;
  Value activated = ActivationOp::create(
      builder, op.getLoc(), rowsOf(type, layer.intermediate), sums,
      weighted ? choice.weights : Value(), weighted ? plan : Value(), function);
  return project(activated, plan, down);
}

void LayerBuilder::addIdentity(CombineOp combine, const Choice &choice,
                               Value input) {
  if (layer.zero_experts == 0 || layer.zero_kind != MOELORA_ZERO_IDENTITY)
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(combine);
  Value weights = IdentityWeightOp::create(
      builder, op.getLoc(), rowsOf(builder.getF32Type(), 1), choice.ids,
      choice.weights, weightedExperts(layer), layer.router.experts);
  combine.getIdentityMutable().assign(input);
  combine.getIdentityWeightsMutable().assign(weights);
}

void LayerBuilder::addShared(CombineOp combine, ActivationAttr function) {
  if (layer.shared == 0)
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(combine);
  Value sums = project(hidden, getOnePlan(), sharedGateUp);
  Value activated = ActivationOp::create(
      builder, op.getLoc(), rowsOf(type, layer.shared), sums,
      /*input_weights=*/Value(), /*plan=*/Value(), function);
  combine.getSharedMutable().assign(
      project(activated, getOnePlan(), sharedDown));
  combine.setSharedScale(llvm::APFloat(layer.shared_scale));
  if (layer.shared_score)
    combine.getScoreMutable().assign(
        project(hidden, getOnePlan(), sharedScore));
}

/// The weighted sum of the experts, with the width of their rows.
Value LayerBuilder::routed(const Choice &choice, ActivationAttr function) {
  Value input = hidden;
  if (layer.latent > 0)
    input = combine(project(hidden, getOnePlan(), latentIn), getOnePlan(),
                    layer.latent);
  Value plan = dispatch(choice.ids, weightedExperts(layer), layer.router.top_k,
                        layer.zero_experts);
  Value rows = experts(input, plan, choice, function);
  CombineOp sum = combine(rows, plan, widthOf(layer));
  if (!layer.weight_on_input)
    sum.getWeightsMutable().assign(choice.weights);
  sum.setRoutedScale(llvm::APFloat(layer.routed_scale));
  addIdentity(sum, choice, input);
  return sum;
}

void LayerBuilder::build(const Functions &functions) {
  slots = resolveSlots();
  Choice choice = route(functions.router);
  Value output = routed(choice, functions.routed);
  if (layer.latent > 0)
    output = combine(project(output, getOnePlan(), latentOut), getOnePlan(),
                     layer.hidden);
  addShared(output.getDefiningOp<CombineOp>(), functions.shared);
  output = norm(output, layer.output_norm, Role::OutputNormWeight, type);
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
  auto op = LayerOp::create(builder, location, options.name,
                            builder.getFunctionType(signature.types(), output),
                            /*sym_visibility=*/nullptr, /*grid=*/nullptr,
                            /*expert_map=*/nullptr, builder.getArrayAttr(roles),
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

/// Refuses sizes with which types would not be valid.
static bool checkSizes(EmitError emitError, const moelora_layer &layer,
                       const LayerOptions &options) {
  const moelora_router &router = layer.router;
  return checkRange(emitError, "slots", options.slots, 0, mostSlots) &&
         checkRange(emitError, "max_rank", options.maxRank, 1, mostRank) &&
         checkRange(emitError, "hidden", layer.hidden, 1, mostSize) &&
         checkRange(emitError, "intermediate", layer.intermediate, 1,
                    mostSize) &&
         checkRange(emitError, "shared", layer.shared, 0, mostSize) &&
         checkRange(emitError, "latent", layer.latent, 0, mostSize) &&
         checkRange(emitError, "experts", router.experts, 1, mostSize) &&
         checkRange(emitError, "top_k", router.top_k, 1, router.experts) &&
         checkRange(emitError, "always", router.always, 0, router.top_k - 1) &&
         checkRange(emitError, "table_rows", router.table_rows, 0, mostRows) &&
         checkRange(emitError, "zero_experts", layer.zero_experts, 0,
                    router.experts - 1);
}

/// Refuses combinations in a description that have no meaning.
static bool checkParts(EmitError emitError, const moelora_layer &layer) {
  if (layer.router_dtype != layer.dtype && layer.router_dtype != MOELORA_F32)
    emitError() << "expects router_dtype to be the layer's dtype, "
                << layer.dtype << ", or f32, but it is " << layer.router_dtype;
  else if (layer.zero_experts > 0 && layer.zero_kind != MOELORA_ZERO_IDENTITY &&
           layer.zero_kind != MOELORA_ZERO_DROP)
    emitError() << "expects zero_kind to be identity or drop, but it is "
                << layer.zero_kind;
  else if (layer.zero_experts > 0 && layer.router.always > 0)
    emitError() << "expects no zero experts beside always chosen ones, but "
                   "there are "
                << layer.zero_experts << " and " << layer.router.always;
  else if (layer.weight_on_input && layer.biases & MOELORA_HAS_GATE_UP_BIAS)
    emitError() << "expects no bias of gate and up where the weights are on "
                   "the experts' input";
  else
    return true;
  return false;
}

static std::optional<Functions> importFunctions(MLIRContext *context,
                                                EmitError emitError,
                                                const moelora_layer &layer) {
  Functions result;
  result.router = importRouter(context, emitError, layer.router);
  result.routed = importActivation(context, emitError, layer.activation);
  if (!result.router || !result.routed)
    return std::nullopt;
  if (layer.shared == 0)
    return result;
  result.shared = importActivation(context, emitError, layer.shared_activation);
  return result.shared ? std::optional(result) : std::nullopt;
}

FailureOr<LayerOp> moelora::buildLayer(OpBuilder &builder, Location location,
                                       const moelora_layer &layer,
                                       const LayerOptions &options) {
  auto emitError = [&] { return mlir::emitError(location); };
  MLIRContext *context = builder.getContext();
  if (!checkSizes(emitError, layer, options) || !checkParts(emitError, layer))
    return failure();
  FloatType type = importType(context, emitError, layer.dtype);
  if (!type)
    return failure();
  std::optional<Functions> functions =
      importFunctions(context, emitError, layer);
  if (!functions)
    return failure();

  OpBuilder::InsertionGuard guard(builder);
  LayerOp op = createLayer(builder, location, Signature(layer, options, type),
                           type, layer, options);
  builder.setInsertionPointToStart(&op.getBody().front());
  LayerBuilder(builder, op, layer, type).build(*functions);
  if (succeeded(mlir::verify(op)))
    return op;
  op.erase();
  return failure();
}
