// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Shapes.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace moelora::differential {

int64_t Shape::elements() const {
  return std::accumulate(dims.begin(), dims.end(), int64_t(1),
                         std::multiplies<>());
}

static int64_t slices(const moelora_activation &activation) {
  return activation.gated ? 2 : 1;
}

static Shape ofTokens(const moelora_layer &layer, moelora_role role,
                      int64_t tokens) {
  int64_t k = layer.router.top_k;
  switch (role) {
  case MOELORA_TOKEN_IDS:
    return {MOELORA_I32, {tokens}};
  case MOELORA_ROUTER_LOGITS:
    return {MOELORA_F32, {tokens, layer.router.experts}};
  case MOELORA_EXPERT_IDS:
    return {MOELORA_I32, {tokens, k}};
  case MOELORA_EXPERT_WEIGHTS:
    return {MOELORA_F32, {tokens, k}};
  default: // hidden states, the output
    return {moelora_dtype(layer.dtype), {tokens, layer.hidden}};
  }
}

static Shape ofRouter(const moelora_layer &layer, moelora_role role) {
  const moelora_router &router = layer.router;
  switch (role) {
  case MOELORA_ROUTER_WEIGHT:
    return {moelora_dtype(layer.router_dtype), {router.experts, layer.hidden}};
  case MOELORA_ROUTER_BIAS:
    return {MOELORA_F32, {router.experts}};
  case MOELORA_SELECTION_BIAS:
    return {MOELORA_F32, {router.experts - router.always}};
  case MOELORA_EXPERT_SCALE:
    return {MOELORA_F32, {router.experts}};
  case MOELORA_TOKEN_TABLE:
    return {MOELORA_I32, {router.table_rows, router.top_k}};
  default: // norms
    return {MOELORA_F32, {layer.hidden}};
  }
}

static Shape ofExperts(const moelora_layer &layer, moelora_role role) {
  auto type = moelora_dtype(layer.dtype);
  int64_t experts = layer.router.experts - layer.zero_experts;
  int64_t width = layer.latent ? layer.latent : layer.hidden;
  int64_t parts = slices(layer.activation);
  switch (role) {
  case MOELORA_GATE_UP_WEIGHT:
    return {type, {experts, parts, layer.intermediate, width}};
  case MOELORA_GATE_UP_BIAS:
    return {MOELORA_F32, {experts, parts, layer.intermediate}};
  case MOELORA_DOWN_WEIGHT:
    return {type, {experts, width, layer.intermediate}};
  case MOELORA_DOWN_BIAS:
    return {MOELORA_F32, {experts, width}};
  case MOELORA_LATENT_IN_WEIGHT:
    return {type, {1, layer.latent, layer.hidden}};
  case MOELORA_LATENT_IN_BIAS:
    return {MOELORA_F32, {1, layer.latent}};
  case MOELORA_LATENT_OUT_WEIGHT:
    return {type, {1, layer.hidden, layer.latent}};
  default: // MOELORA_LATENT_OUT_BIAS
    return {MOELORA_F32, {1, layer.hidden}};
  }
}

static Shape ofShared(const moelora_layer &layer, moelora_role role) {
  auto type = moelora_dtype(layer.dtype);
  int64_t parts = slices(layer.shared_activation);
  switch (role) {
  case MOELORA_SHARED_GATE_UP_WEIGHT:
    return {type, {1, parts, layer.shared, layer.hidden}};
  case MOELORA_SHARED_GATE_UP_BIAS:
    return {MOELORA_F32, {1, parts, layer.shared}};
  case MOELORA_SHARED_DOWN_WEIGHT:
    return {type, {1, layer.hidden, layer.shared}};
  case MOELORA_SHARED_DOWN_BIAS:
    return {MOELORA_F32, {1, layer.hidden}};
  default: // MOELORA_SHARED_SCORE_WEIGHT
    return {type, {1, 1, layer.hidden}};
  }
}

Shape shapeOf(const moelora_layer &layer, moelora_role role, int64_t tokens) {
  if (role < MOELORA_ROUTER_WEIGHT || role == MOELORA_OUTPUT)
    return ofTokens(layer, role, tokens);
  if (role < MOELORA_GATE_UP_WEIGHT ||
      (role >= MOELORA_TOKEN_TABLE && role <= MOELORA_ROUTER_NORM_WEIGHT) ||
      role == MOELORA_OUTPUT_NORM_WEIGHT)
    return ofRouter(layer, role);
  if (role < MOELORA_SHARED_GATE_UP_WEIGHT ||
      (role >= MOELORA_LATENT_IN_WEIGHT && role <= MOELORA_LATENT_OUT_BIAS))
    return ofExperts(layer, role);
  return ofShared(layer, role);
}

std::string rowError(const moelora_layer &layer, const moelora_operand &row) {
  Shape shape = shapeOf(layer, moelora_role(row.role), -1);
  std::vector<int64_t> dims(row.shape, row.shape + row.dims);
  int64_t stride = 1;
  bool rowMajor = true;
  for (int32_t dim = row.dims - 1; dim >= 0; --dim) {
    rowMajor &= row.stride[dim] == stride;
    stride *= dims[dim];
  }
  bool right = row.dtype == shape.dtype && dims == shape.dims && rowMajor &&
               row.part == MOELORA_PART_VALUES && !row.quant &&
               row.align == moelora_dtype_bytes(row.dtype);
  return right ? ""
               : "the row of role " + std::to_string(row.role) +
                     " is not what the layer has there";
}

} // namespace moelora::differential
