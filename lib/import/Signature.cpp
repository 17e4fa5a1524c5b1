// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arguments of a layer, in the order of their roles.

#include "Signature.h"

using namespace mlir;
using namespace moelora;

RankedTensorType moelora::rowsOf(Type element, ArrayRef<int64_t> columns) {
  SmallVector<int64_t> shape = {ShapedType::kDynamic};
  shape.append(columns.begin(), columns.end());
  return RankedTensorType::get(shape, element);
}

int64_t moelora::slicesOf(const moelora_activation &activation) {
  return activation.gated ? 2 : 1;
}

int64_t moelora::widthOf(const moelora_layer &layer) {
  return layer.latent > 0 ? layer.latent : layer.hidden;
}

int64_t moelora::weightedExperts(const moelora_layer &layer) {
  return layer.router.experts - layer.zero_experts;
}

Signature::Signature(const moelora_layer &layer, const LayerOptions &options,
                     FloatType type)
    : layer(layer), options(options), type(type) {
  addInputs();
  if (options.given == Given::Nothing)
    addRouter();
  if (options.given != Given::Choice)
    addStages();
  addExperts();
  if (layer.latent > 0)
    addLatent();
  if (layer.shared > 0)
    addShared();
  if (layer.output_norm.present)
    add(Role::OutputNormWeight, {layer.hidden},
        Float32Type::get(type.getContext()));
  if (options.slots > 0)
    addTables();
}

void Signature::add(Role role, ArrayRef<int64_t> shape, Type element) {
  roleOf.push_back(role);
  typeOf.push_back(RankedTensorType::get(shape, element));
}

void Signature::addTable(Role role, int64_t experts, int64_t slices,
                         int64_t out, int64_t in, Sharing sharing) {
  roleOf.push_back(role);
  typeOf.push_back(SlotTableType::get(type.getContext(), options.slots, experts,
                                      slices, out, in, options.maxRank, type,
                                      PageOrder::RowMajor, sharing));
}

FloatType Signature::routerType() const {
  if (layer.router_dtype == MOELORA_F32)
    return Float32Type::get(type.getContext());
  return type;
}

void Signature::addInputs() {
  const int64_t tokens = ShapedType::kDynamic;
  auto i32 = IntegerType::get(type.getContext(), 32);
  auto f32 = Float32Type::get(type.getContext());
  add(Role::Hidden, {tokens, layer.hidden}, type);
  if (options.slots > 0)
    add(Role::Slots, {tokens}, i32);
  if (options.given != Given::Choice && layer.router.table_rows > 0)
    add(Role::TokenIds, {tokens}, i32);
  if (options.given == Given::Nothing && layer.router_input)
    add(Role::RouterHidden, {tokens, layer.hidden}, type);
  if (options.given == Given::Logits)
    add(Role::RouterLogits, {tokens, layer.router.experts}, f32);
  if (options.given == Given::Choice) {
    add(Role::ExpertIds, {tokens, layer.router.top_k}, i32);
    add(Role::ExpertWeights, {tokens, layer.router.top_k}, f32);
  }
}

/// The arguments that compute the logits.
void Signature::addRouter() {
  const int64_t experts = layer.router.experts;
  auto f32 = Float32Type::get(type.getContext());
  add(Role::RouterWeight, {1, experts, layer.hidden}, routerType());
  if (has(MOELORA_HAS_ROUTER_BIAS))
    add(Role::RouterBias, {1, experts}, f32);
  if (layer.router_norm.present)
    add(Role::RouterNormWeight, {layer.hidden}, f32);
}

/// The arguments of the stages after the logits.
void Signature::addStages() {
  const moelora_router &router = layer.router;
  auto i32 = IntegerType::get(type.getContext(), 32);
  auto f32 = Float32Type::get(type.getContext());
  if (router.bias_on && router.table_rows == 0)
    add(Role::SelectionBias, {router.experts - router.always}, f32);
  if (router.expert_scale)
    add(Role::ExpertScale, {router.experts}, f32);
  if (router.table_rows > 0)
    add(Role::TokenTable, {router.table_rows, router.top_k}, i32);
}

void Signature::addExperts() {
  const int64_t experts = weightedExperts(layer), outer = widthOf(layer);
  const int64_t slices = slicesOf(layer.activation);
  const int64_t inner = layer.intermediate;
  auto f32 = Float32Type::get(type.getContext());
  add(Role::GateUpWeight, {experts, slices, inner, outer}, type);
  if (has(MOELORA_HAS_GATE_UP_BIAS))
    add(Role::GateUpBias, {experts, slices, inner}, f32);
  add(Role::DownWeight, {experts, outer, inner}, type);
  if (has(MOELORA_HAS_DOWN_BIAS))
    add(Role::DownBias, {experts, outer}, f32);
}

void Signature::addLatent() {
  auto f32 = Float32Type::get(type.getContext());
  add(Role::LatentInWeight, {1, layer.latent, layer.hidden}, type);
  if (has(MOELORA_HAS_LATENT_IN_BIAS))
    add(Role::LatentInBias, {1, layer.latent}, f32);
  add(Role::LatentOutWeight, {1, layer.hidden, layer.latent}, type);
  if (has(MOELORA_HAS_LATENT_OUT_BIAS))
    add(Role::LatentOutBias, {1, layer.hidden}, f32);
}

void Signature::addShared() {
  const int64_t slices = slicesOf(layer.shared_activation);
  auto f32 = Float32Type::get(type.getContext());
  add(Role::SharedGateUpWeight, {1, slices, layer.shared, layer.hidden}, type);
  if (has(MOELORA_HAS_SHARED_GATE_UP_BIAS))
    add(Role::SharedGateUpBias, {1, slices, layer.shared}, f32);
  add(Role::SharedDownWeight, {1, layer.hidden, layer.shared}, type);
  if (has(MOELORA_HAS_SHARED_DOWN_BIAS))
    add(Role::SharedDownBias, {1, layer.hidden}, f32);
  if (layer.shared_score)
    add(Role::SharedScoreWeight, {1, 1, layer.hidden}, type);
}

void Signature::addTables() {
  const int64_t experts = weightedExperts(layer), outer = widthOf(layer);
  addTable(Role::GateUpAdapters, experts, slicesOf(layer.activation),
           layer.intermediate, outer,
           options.sharesA ? Sharing::A : Sharing::None);
  addTable(Role::DownAdapters, experts, 1, outer, layer.intermediate);
  if (options.given == Given::Nothing)
    addTable(Role::RouterAdapters, 1, 1, layer.router.experts, layer.hidden);
  if (layer.shared > 0)
    addSharedTables();
  if (layer.latent > 0) {
    addTable(Role::LatentInAdapters, 1, 1, layer.latent, layer.hidden);
    addTable(Role::LatentOutAdapters, 1, 1, layer.hidden, layer.latent);
  }
}

void Signature::addSharedTables() {
  addTable(Role::SharedGateUpAdapters, 1, slicesOf(layer.shared_activation),
           layer.shared, layer.hidden);
  addTable(Role::SharedDownAdapters, 1, 1, layer.hidden, layer.shared);
  if (layer.shared_score)
    addTable(Role::SharedScoreAdapters, 1, 1, 1, layer.hidden);
}
