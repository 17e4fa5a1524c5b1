/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Rows of operands: their names, sizes and strides, and who gives them.
 */
#ifndef MOELORA_RUNTIME_OPERANDS_H
#define MOELORA_RUNTIME_OPERANDS_H

#include "moelora/runtime/Abi.h"

#include <array>
#include <string>

namespace moelora {

/// The most rows that a variant can have: one for each role and part.
constexpr int32_t mostOperands = MOELORA_ROLES * MOELORA_PARTS;

using Dims = std::array<int64_t, MOELORA_MAX_OPERAND_DIMS>;

/// "gate_up weight"; NULL for a number that is no role.
const char *roleName(int32_t role);
/// "the scales of the gate_up weight".
std::string operandName(int32_t role, int32_t part);

/// Whether a run gives this operand; binding gives the others.
bool isOfRun(int32_t role);

/// The shape for so many tokens.
Dims shapeOf(const moelora_operand &operand, int64_t tokens);
/// Strides of a row-major tensor.
Dims rowMajor(const Dims &shape, int32_t dims);
/// Those of the row; where it has a free one, that of a row-major tensor.
Dims stridesOf(const moelora_operand &operand, const Dims &shape);
bool hasFreeStride(const moelora_operand &operand);

/// From the first to the last byte; the largest number where that overflows.
uint64_t operandBytes(const moelora_operand &operand, int64_t tokens);

/// "[3, 8]"
std::string shownDims(const int64_t *values, int32_t count);
/// "BF16", or the number where there is no such type.
std::string shownType(int32_t dtype);

} // namespace moelora

#endif // MOELORA_RUNTIME_OPERANDS_H
