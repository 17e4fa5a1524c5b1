// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which operands a layer reads.

#include "moelora/reference/Layer.h"

namespace moelora::reference {

namespace {

struct Operands {
  uint32_t bits = 0;

  Operands &add(moelora_role role, bool present = true) {
    bits |= uint32_t(present) << role;
    return *this;
  }
};

void addRouting(const moelora_layer &layer, Operands &operands) {
  const moelora_router &router = layer.router;
  operands.add(MOELORA_TOKEN_IDS, router.table_rows)
      .add(MOELORA_TOKEN_TABLE, router.table_rows)
      .add(MOELORA_SELECTION_BIAS, router.bias_on && !router.table_rows)
      .add(MOELORA_EXPERT_SCALE, router.expert_scale);
}

void addRouter(const moelora_layer &layer, Operands &operands) {
  operands.add(MOELORA_ROUTER_WEIGHT)
      .add(MOELORA_ROUTER_BIAS, layer.biases & MOELORA_HAS_ROUTER_BIAS)
      .add(MOELORA_ROUTER_HIDDEN, layer.router_input)
      .add(MOELORA_ROUTER_NORM_WEIGHT, layer.router_norm.present);
}

void addExperts(const moelora_layer &layer, Operands &operands) {
  operands.add(MOELORA_HIDDEN)
      .add(MOELORA_GATE_UP_WEIGHT)
      .add(MOELORA_GATE_UP_BIAS, layer.biases & MOELORA_HAS_GATE_UP_BIAS)
      .add(MOELORA_DOWN_WEIGHT)
      .add(MOELORA_DOWN_BIAS, layer.biases & MOELORA_HAS_DOWN_BIAS)
      .add(MOELORA_OUTPUT_NORM_WEIGHT, layer.output_norm.present);
  if (layer.latent)
    operands.add(MOELORA_LATENT_IN_WEIGHT)
        .add(MOELORA_LATENT_IN_BIAS, layer.biases & MOELORA_HAS_LATENT_IN_BIAS)
        .add(MOELORA_LATENT_OUT_WEIGHT)
        .add(MOELORA_LATENT_OUT_BIAS,
             layer.biases & MOELORA_HAS_LATENT_OUT_BIAS);
}

void addShared(const moelora_layer &layer, Operands &operands) {
  operands.add(MOELORA_SHARED_GATE_UP_WEIGHT)
      .add(MOELORA_SHARED_GATE_UP_BIAS,
           layer.biases & MOELORA_HAS_SHARED_GATE_UP_BIAS)
      .add(MOELORA_SHARED_DOWN_WEIGHT)
      .add(MOELORA_SHARED_DOWN_BIAS,
           layer.biases & MOELORA_HAS_SHARED_DOWN_BIAS)
      .add(MOELORA_SHARED_SCORE_WEIGHT, layer.shared_score);
}

} // namespace

uint32_t operandsOf(const moelora_layer &layer, Entry entry) {
  Operands operands;
  addExperts(layer, operands);
  if (layer.shared)
    addShared(layer, operands);
  if (entry == Entry::FromIds)
    return operands.add(MOELORA_EXPERT_IDS).add(MOELORA_EXPERT_WEIGHTS).bits;
  addRouting(layer, operands);
  if (entry == Entry::FromLogits)
    return operands.add(MOELORA_ROUTER_LOGITS).bits;
  addRouter(layer, operands);
  return operands.bits;
}

} // namespace moelora::reference
