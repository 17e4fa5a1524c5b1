// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrices, asynchronous copies, and rounding to 16 bits.

#include "gpu/OpEmulation.h"

using namespace mlir;

namespace moelora::codegen {

bool OpEmulation::loadMatrix(NVVM::LdMatrixOp op) {
  auto shape = op.getShape();
  if (shape.getM() != 8 || shape.getN() != 8 ||
      op.getEltType() != NVVM::LdStMatrixEltType::B16)
    return false;
  Value registers = slot(op, i32, op.getNum());
  bool transposed = op.getLayout() == NVVM::MMALayout::col;
  calls.callAt(op, CALL(load_matrix), none,
               {op.getPtr(), constant(op, op.getNum()),
                constant(op, transposed), registers});
  unpack(op, registers, i32, op.getNum());
  return true;
}

/// Which product it is; -1: none that the emulator knows.
static int64_t kindOf(NVVM::MmaOp op) {
  auto shape = op.getShape();
  auto type = op.getMultiplicandAPtxType();
  bool half = type == NVVM::MMATypes::f16;
  if (shape.getM() != 16 || shape.getN() != 8 || op.getOperandC().size() != 4 ||
      !op.getOperandC()[0].getType().isF32() ||
      !(half || type == NVVM::MMATypes::bf16))
    return -1;
  if (shape.getK() == 16)
    return half ? MOELORA_EMULATOR_MMA_M16N8K16_F16
                : MOELORA_EMULATOR_MMA_M16N8K16_BF16;
  if (shape.getK() == 8)
    return half ? MOELORA_EMULATOR_MMA_M16N8K8_F16
                : MOELORA_EMULATOR_MMA_M16N8K8_BF16;
  return -1;
}

bool OpEmulation::multiply(NVVM::MmaOp op) {
  int64_t kind = kindOf(op);
  if (kind < 0)
    return false;
  Value d = slot(op, op.getOperandC());
  calls.callAt(op, CALL(mma), none,
               {constant(op, kind), slot(op, op.getOperandA()),
                slot(op, op.getOperandB()), d, d});
  unpack(op, d, f32, 4);
  return true;
}

void OpEmulation::copy(NVVM::CpAsyncOp op) {
  Value bytes = constant(op, op.getSize());
  replace(op, CALL(copy_async),
          {op.getDst(), op.getSrc(), bytes,
           op.getCpSize() ? op.getCpSize() : bytes});
}

/// To nearest, ties to even. A host may lack the instruction.
template <typename Op> void OpEmulation::round(Op op) {
  OpBuilder builder(op);
  Code code(builder, op.getLoc());
  Value pair =
      LLVM::PoisonOp::create(builder, op.getLoc(), VectorType::get(2, f32));
  for (auto [lane, value] :
       llvm::enumerate(ValueRange{op.getSrcLo(), op.getSrcHi()}))
    pair = LLVM::InsertElementOp::create(builder, op.getLoc(), pair, value,
                                         code.i32(int64_t(lane)).value);
  Type type = op.getType();
  Value result =
      getElementTypeOrSelf(type).isBF16()
          ? code.bitcast(code.roundToBF16(pair), getElementTypeOrSelf(type))
          : LLVM::FPTruncOp::create(builder, op.getLoc(), type, pair);
  op.replaceAllUsesWith(result);
  op.erase();
}

template void OpEmulation::round(NVVM::ConvertF32x2ToBF16x2Op);
template void OpEmulation::round(NVVM::ConvertF32x2ToF16x2Op);

} // namespace moelora::codegen
