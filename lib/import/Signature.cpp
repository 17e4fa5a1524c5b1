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

Signature::Signature(const moelora_layer &layer, const LayerOptions &options,
                     FloatType type)
    : layer(layer), options(options), type(type) {
  addInputs();
  addRouter();
  addExperts();
  addShared();
  if (options.slots > 0)
    addTables();
}

void Signature::add(Role role, ArrayRef<int64_t> shape, Type element) {
  roleOf.push_back(role);
  typeOf.push_back(RankedTensorType::get(shape, element));
}

void Signature::addTable(Role role, int64_t experts, int64_t slices,
                         int64_t out, int64_t in) {
  roleOf.push_back(role);
  typeOf.push_back(SlotTableType::get(type.getContext(), options.slots, experts,
                                      slices, out, in, options.maxRank, type,
                                      PageOrder::RowMajor));
}

void Signature::addInputs() {
  const int64_t tokens = ShapedType::kDynamic;
  auto i32 = IntegerType::get(type.getContext(), 32);
  auto f32 = Float32Type::get(type.getContext());
  add(Role::Hidden, {tokens, layer.hidden}, type);
  if (options.slots > 0)
    add(Role::Slots, {tokens}, i32);
  if (options.given == Given::Logits)
    add(Role::RouterLogits, {tokens, layer.router.experts}, f32);
  if (options.given == Given::Choice) {
    add(Role::ExpertIds, {tokens, layer.router.top_k}, i32);
    add(Role::ExpertWeights, {tokens, layer.router.top_k}, f32);
  }
}

void Signature::addRouter() {
  const int64_t experts = layer.router.experts;
  auto f32 = Float32Type::get(type.getContext());
  if (options.given == Given::Nothing)
    add(Role::RouterWeight, {1, experts, layer.hidden}, type);
  if (options.given == Given::Nothing && options.routerBias)
    add(Role::RouterBias, {1, experts}, f32);
  if (options.given != Given::Choice && layer.router.bias_on)
    add(Role::SelectionBias, {experts}, f32);
}

void Signature::addExperts() {
  const int64_t experts = layer.router.experts;
  const int64_t slices = slicesOf(layer.activation);
  const int64_t width = layer.intermediate;
  auto f32 = Float32Type::get(type.getContext());
  add(Role::GateUpWeight, {experts, slices, width, layer.hidden}, type);
  if (options.gateUpBias)
    add(Role::GateUpBias, {experts, slices, width}, f32);
  add(Role::DownWeight, {experts, layer.hidden, width}, type);
  if (options.downBias)
    add(Role::DownBias, {experts, layer.hidden}, f32);
}

void Signature::addShared() {
  if (layer.shared == 0)
    return;
  const int64_t slices = slicesOf(layer.shared_activation);
  add(Role::SharedGateUpWeight, {1, slices, layer.shared, layer.hidden}, type);
  add(Role::SharedDownWeight, {1, layer.hidden, layer.shared}, type);
  if (layer.shared_score)
    add(Role::SharedScoreWeight, {1, 1, layer.hidden}, type);
}

void Signature::addTables() {
  const int64_t experts = layer.router.experts, hidden = layer.hidden;
  addTable(Role::GateUpAdapters, experts, slicesOf(layer.activation),
           layer.intermediate, hidden);
  addTable(Role::DownAdapters, experts, 1, hidden, layer.intermediate);
  if (options.given == Given::Nothing)
    addTable(Role::RouterAdapters, 1, 1, experts, hidden);
  if (layer.shared == 0)
    return;
  addTable(Role::SharedGateUpAdapters, 1, slicesOf(layer.shared_activation),
           layer.shared, hidden);
  addTable(Role::SharedDownAdapters, 1, 1, hidden, layer.shared);
  if (layer.shared_score)
    addTable(Role::SharedScoreAdapters, 1, 1, 1, hidden);
}
