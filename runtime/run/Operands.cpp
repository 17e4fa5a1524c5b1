/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Properties of operand rows.
 */
#include "run/Operands.h"

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Dtype.h"

#include <limits>

using namespace moelora;

namespace {

constexpr const char *roleNames[MOELORA_ROLES] = {
    "hidden",
    nullptr, // slot ids, which a step resolves
    "token_ids",
    "router_hidden",
    "router_logits",
    "expert_ids",
    "expert_weights",
    "router weight",
    "router bias",
    "selection bias",
    "gate_up weight",
    "gate_up bias",
    "down weight",
    "down bias",
    "shared gate_up weight",
    "shared down weight",
    "shared score weight",
    "token table",
    "expert scale",
    "router norm weight",
    "latent_in weight",
    "latent_in bias",
    "latent_out weight",
    "latent_out bias",
    "shared gate_up bias",
    "shared down bias",
    "output norm weight",
    "output",
    "expert map",
};

constexpr const char *partNames[MOELORA_PARTS] = {"values", "scales", "zeros",
                                                  "global factor", "order"};

/// Saturating products and sums.
uint64_t times(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product)
             ? std::numeric_limits<uint64_t>::max()
             : product;
}
uint64_t plus(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum)
             ? std::numeric_limits<uint64_t>::max()
             : sum;
}

} // namespace

const char *moelora::roleName(int32_t role) {
  return role >= 0 && role < MOELORA_ROLES ? roleNames[role] : nullptr;
}

std::string moelora::operandName(int32_t role, int32_t part) {
  const char *name = roleName(role);
  std::string text = name ? name : "role " + std::to_string(role);
  if (part == MOELORA_PART_VALUES)
    return text;
  bool known = part > 0 && part < MOELORA_PARTS;
  return (known ? partNames[part] : "part " + std::to_string(part)) +
         std::string(" of ") + text;
}

bool moelora::isOfRun(int32_t role) {
  switch (role) {
  case MOELORA_HIDDEN:
  case MOELORA_TOKEN_IDS:
  case MOELORA_ROUTER_HIDDEN:
  case MOELORA_ROUTER_LOGITS:
  case MOELORA_EXPERT_IDS:
  case MOELORA_EXPERT_WEIGHTS:
  case MOELORA_OUTPUT:
    return true;
  default:
    return false;
  }
}

Dims moelora::shapeOf(const moelora_operand &operand, int64_t tokens) {
  Dims shape = {};
  for (int32_t d = 0; d < operand.dims; ++d)
    shape[static_cast<size_t>(d)] =
        operand.shape[d] < 0 ? tokens : operand.shape[d];
  return shape;
}

Dims moelora::rowMajor(const Dims &shape, int32_t dims) {
  Dims strides = {};
  uint64_t stride = 1;
  for (int32_t d = dims - 1; d >= 0; --d) {
    auto at = static_cast<size_t>(d);
    strides[at] = static_cast<int64_t>(
        std::min<uint64_t>(stride, std::numeric_limits<int64_t>::max()));
    stride = times(stride, static_cast<uint64_t>(shape[at]));
  }
  return strides;
}

Dims moelora::stridesOf(const moelora_operand &operand, const Dims &shape) {
  Dims strides = rowMajor(shape, operand.dims);
  for (int32_t d = 0; d < operand.dims; ++d)
    if (operand.stride[d])
      strides[static_cast<size_t>(d)] = operand.stride[d];
  return strides;
}

bool moelora::hasFreeStride(const moelora_operand &operand) {
  for (int32_t d = 0; d < operand.dims; ++d)
    if (operand.stride[d] == 0)
      return true;
  return false;
}

uint64_t moelora::operandBytes(const moelora_operand &operand, int64_t tokens) {
  Dims shape = shapeOf(operand, tokens), strides = stridesOf(operand, shape);
  uint64_t last = 0;
  for (size_t d = 0; d < static_cast<size_t>(operand.dims); ++d) {
    if (shape[d] <= 0)
      return 0;
    last = plus(last, times(static_cast<uint64_t>(shape[d] - 1),
                            static_cast<uint64_t>(strides[d])));
  }
  return times(plus(last, 1), moelora_dtype_bytes(operand.dtype));
}

std::string moelora::shownDims(const int64_t *values, int32_t count) {
  std::string text = "[";
  for (int32_t d = 0; d < count; ++d)
    text += (d ? ", " : "") + std::to_string(values[d]);
  return text + "]";
}

std::string moelora::shownType(int32_t dtype) {
  const char *name = moelora_dtype_name(dtype);
  return name ? name : std::to_string(dtype);
}

int32_t moelora_variant_operand(const moelora_variant *variant, int32_t role,
                                int32_t part) {
  for (uint32_t row = 0; variant && row < variant->operands; ++row)
    if (variant->operand[row].role == role &&
        variant->operand[row].part == part)
      return static_cast<int32_t>(row);
  return -1;
}

uint64_t moelora_variant_operand_bytes(const moelora_variant *variant,
                                       int32_t operand, int64_t tokens) {
  if (!variant || operand < 0 || uint32_t(operand) >= variant->operands ||
      tokens < 0)
    return 0;
  return operandBytes(variant->operand[operand], tokens);
}
