/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Matrices: ldmatrix, movmatrix and mma.sync of a warp.
 */
#include "Accesses.h"
#include "Calls.h"
#include "Meet.h"
#include "Mma.h"

#include <cstring>

using namespace moelora;
using namespace moelora::emulator;

namespace {

constexpr uint32_t wholeWarp = ~0u;
/// A matrix has 8 x 8 elements of 2 bytes.
constexpr uint32_t rows = 8, rowBytes = 16;

/// An 8 x 8 matrix in the registers of a warp. Lane i has two elements of row
/// i / 4: column 2 (i % 4) in the lower half of its register, and the next
/// column in the upper half.
struct Fragment {
  uint16_t element[rows][rows];

  uint32_t lane(uint32_t i) const {
    uint32_t row = i / 4, column = i % 4 * 2;
    return element[row][column] | uint32_t(element[row][column + 1]) << 16;
  }
  uint32_t transposedLane(uint32_t i) const {
    uint32_t row = i / 4, column = i % 4 * 2;
    return element[column][row] | uint32_t(element[column + 1][row]) << 16;
  }
};

struct LoadLane {
  const char *row; ///< the row whose address the lane has, or NULL
  uint32_t *registers;
};

constexpr uint32_t transposedBit = 8; ///< in MeetingKey::detail

void completeLoad(Block &, const Meeting &meeting) {
  uint32_t matrices = meeting.key.detail & ~transposedBit;
  auto of = [&](uint32_t lane) {
    return static_cast<LoadLane *>(meeting.operands[lane]);
  };
  for (size_t m = 0; m < matrices; ++m) {
    Fragment fragment;
    for (size_t row = 0; row < rows; ++row)
      std::memcpy(fragment.element[row], of(m * rows + row)->row, rowBytes);
    for (uint32_t lane = 0; lane < warpLanes; ++lane)
      of(lane)->registers[m] = meeting.key.detail & transposedBit
                                   ? fragment.transposedLane(lane)
                                   : fragment.lane(lane);
  }
}

void loadMatrix(moelora_emulator_thread *caller, void *pointer,
                uint32_t matrices, uint32_t transposed, uint32_t *registers,
                uint32_t site) {
  Thread &thread = threadOf(caller);
  if (matrices != 1 && matrices != 2 && matrices != 4)
    thread.block->fault(thread, site,
                        "expects to load 1, 2 or 4 matrices, but they are " +
                            std::to_string(matrices));
  LoadLane mine = {nullptr, registers};
  if (thread.lane < matrices * rows) {
    Access access = {rowBytes, rowBytes,
                     MOELORA_EMULATOR_LOAD | MOELORA_EMULATOR_SHARED, site};
    Reach found = reach(thread, pointer, access);
    noteAccess(thread, found, access);
    mine.row = found.address;
  }
  uint32_t detail = matrices | (transposed ? transposedBit : 0);
  meet(thread, {MeetingKey::LoadMatrix, wholeWarp, site, detail}, &mine,
       completeLoad);
}

void completeMove(Block &, const Meeting &meeting) {
  Fragment fragment;
  auto of = [&](uint32_t lane) {
    return static_cast<uint32_t *>(meeting.operands[lane]);
  };
  for (size_t lane = 0; lane < warpLanes; ++lane)
    std::memcpy(&fragment.element[lane / 4][lane % 4 * 2], of(lane),
                sizeof(uint32_t));
  for (uint32_t lane = 0; lane < warpLanes; ++lane)
    *of(lane) = fragment.transposedLane(lane);
}

uint32_t moveMatrix(moelora_emulator_thread *caller, uint32_t value,
                    uint32_t site) {
  meet(threadOf(caller), {MeetingKey::MoveMatrix, wholeWarp, site, 0}, &value,
       completeMove);
  return value;
}

void completeMma(Block &block, const Meeting &meeting) {
  ++block.counts->mmas;
  multiply(meeting.key.detail,
           reinterpret_cast<const MmaLane *const *>(meeting.operands));
}

void mma(moelora_emulator_thread *caller, uint32_t kind, const uint32_t *a,
         const uint32_t *b, const float *c, float *d, uint32_t site) {
  Thread &thread = threadOf(caller);
  if (kind > MOELORA_EMULATOR_MMA_M16N8K8_F16)
    thread.block->fault(thread, site,
                        "expects a kind of mma from 0 to 3, but it is " +
                            std::to_string(kind));
  MmaLane mine = {a, b, c, d};
  meet(thread, {MeetingKey::Mma, wholeWarp, site, kind}, &mine, completeMma);
}

} // namespace

void emulator::addMatrixCalls(moelora_emulator_calls &calls) {
  calls.load_matrix = loadMatrix;
  calls.move_matrix = moveMatrix;
  calls.mma = mma;
}
