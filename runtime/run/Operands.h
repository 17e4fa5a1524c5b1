/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Rows of operands: their names, sizes and strides, and whether a run or
 * binding provides them.
 */
#ifndef MOELORA_RUNTIME_OPERANDS_H
#define MOELORA_RUNTIME_OPERANDS_H

#include "moelora/runtime/Abi.h"

#include <array>
#include <string>

namespace moelora {

/// The largest number of rows of a variant: one for each role and part.
constexpr int32_t mostOperands = MOELORA_ROLES * MOELORA_PARTS;

using Dims = std::array<int64_t, MOELORA_MAX_OPERAND_DIMS>;

/// The name of a role, such as "gate_up weight". NULL if the number is not a
/// role.
const char *roleName(int32_t role);
/// "the scales of the gate_up weight".
std::string operandName(int32_t role, int32_t part);

/// Whether a run provides this operand. Binding provides the others.
bool isOfRun(int32_t role);

/// The shape of an operand for this number of tokens.
Dims shapeOf(const moelora_operand &operand, int64_t tokens);
/// Strides of a row-major tensor.
Dims rowMajor(const Dims &shape, int32_t dims);
/// The strides of the row. A free stride is replaced by that of a row-major
/// tensor.
Dims stridesOf(const moelora_operand &operand, const Dims &shape);
bool hasFreeStride(const moelora_operand &operand);

/// The number of bytes from the first to the last one, or the largest number if
/// that overflows.
uint64_t operandBytes(const moelora_operand &operand, int64_t tokens);

/// "[3, 8]"
std::string shownDims(const int64_t *values, int32_t count);
/// The name of a type, such as "BF16", or its number if there is no such type.
std::string shownType(int32_t dtype);

} // namespace moelora

#endif // MOELORA_RUNTIME_OPERANDS_H
