/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The table of calls, the special registers, and the functions that the
 * hardware approximates.
 */
#include "Calls.h"

#include "Block.h"

#include <cmath>

using namespace moelora;
using namespace moelora::emulator;

namespace {

uint32_t special(moelora_emulator_thread *caller, uint32_t which) {
  const Thread &thread = threadOf(caller);
  const moelora_launch &shape = thread.block->launch->shape;
  uint64_t block = thread.block->number;
  uint32_t axis = which % 3;
  switch (which / 3) {
  case MOELORA_EMULATOR_TID_X / 3:
    return thread.position[axis];
  case MOELORA_EMULATOR_NTID_X / 3:
    return shape.block[axis];
  case MOELORA_EMULATOR_CTAID_X / 3:
    return axis == 0   ? block % shape.grid[0]
           : axis == 1 ? block / shape.grid[0] % shape.grid[1]
                       : block / shape.grid[0] / shape.grid[1];
  case MOELORA_EMULATOR_NCTAID_X / 3:
    return shape.grid[axis];
  }
  return which == MOELORA_EMULATOR_LANEID ? thread.lane : 0;
}

float math(moelora_emulator_thread *, uint32_t function, float value) {
  double x = value;
  switch (function) {
  case MOELORA_EMULATOR_EX2:
    return static_cast<float>(std::exp2(x));
  case MOELORA_EMULATOR_LG2:
    return static_cast<float>(std::log2(x));
  case MOELORA_EMULATOR_RCP:
    return static_cast<float>(1 / x);
  case MOELORA_EMULATOR_SQRT:
    return static_cast<float>(std::sqrt(x));
  case MOELORA_EMULATOR_RSQRT:
    return static_cast<float>(1 / std::sqrt(x));
  case MOELORA_EMULATOR_SIN:
    return static_cast<float>(std::sin(x));
  case MOELORA_EMULATOR_COS:
    return static_cast<float>(std::cos(x));
  case MOELORA_EMULATOR_TANH:
    return static_cast<float>(std::tanh(x));
  }
  return std::nanf("");
}

moelora_emulator_calls makeCalls() {
  moelora_emulator_calls calls = {};
  calls.size = sizeof calls;
  calls.version = MOELORA_EMULATOR_VERSION;
  calls.special = special;
  calls.math = math;
  addAccessCalls(calls);
  addBarrierCalls(calls);
  addCopyCalls(calls);
  addMatrixCalls(calls);
  addWarpCalls(calls);
  return calls;
}

} // namespace

const moelora_emulator_calls &emulator::calls() {
  static const moelora_emulator_calls table = makeCalls();
  return table;
}

Thread &emulator::threadOf(moelora_emulator_thread *thread) {
  return *static_cast<Thread *>(thread);
}
