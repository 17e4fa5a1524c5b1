/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The arithmetic of mma.sync.
 *
 * The positions of the elements that a lane has, with g = lane / 4 and
 * t = lane % 4. A register of A or B has two elements: i is 0 in its lower half
 * and 1 in its upper half.
 *
 *             A                   B                   C and D
 *   register  row    k            k           column  row    column
 *   0         g      2t + i       2t + i      g       g      2t
 *   1         g + 8  2t + i       2t + i + 8  g       g      2t + 1
 *   2         g      2t + i + 8                       g + 8  2t
 *   3         g + 8  2t + i + 8                       g + 8  2t + 1
 */
#include "Mma.h"

#include "moelora/emulator/Kernel.h"

#include <cmath>
#include <cstring>

using namespace moelora;
using namespace moelora::emulator;

namespace {

constexpr uint32_t lanesOfWarp = 32, rows = 16, columns = 8, mostDepth = 16;

/// The operands as row-major matrices, so that a row of D is computed as a
/// vector.
struct Matrices {
  float a[rows][mostDepth], b[mostDepth][columns], d[rows][columns];
};

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float bfloat(uint16_t bits) { return fromBits(uint32_t(bits) << 16); }

/// Converts from f16. A multiplication by a power of two corrects the bias of
/// the exponent, which is also right for subnormal numbers.
float half(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = uint32_t(bits & 0x7FFF) << 13;
  constexpr uint32_t infinity = 0x7C00u << 13;
  float value = fromBits(magnitude) * 0x1p112f;
  uint32_t moved;
  std::memcpy(&moved, &value, sizeof moved);
  if (magnitude >= infinity)
    moved = magnitude | 0x7F800000u;
  return fromBits(moved | sign);
}

template <float (*decode)(uint16_t), uint32_t depth>
void gather(Matrices &m, const MmaLane *const *lanes) {
  for (uint32_t lane = 0; lane < lanesOfWarp; ++lane) {
    const MmaLane &of = *lanes[lane];
    uint32_t g = lane / 4, t = lane % 4;
    for (uint32_t r = 0; r < depth / 4; ++r) {
      float *to = &m.a[g + r % 2 * 8][2 * t + r / 2 * 8];
      to[0] = decode(static_cast<uint16_t>(of.a[r]));
      to[1] = decode(static_cast<uint16_t>(of.a[r] >> 16));
    }
    for (uint32_t r = 0; r < depth / 8; ++r) {
      m.b[2 * t + r * 8][g] = decode(static_cast<uint16_t>(of.b[r]));
      m.b[2 * t + r * 8 + 1][g] = decode(static_cast<uint16_t>(of.b[r] >> 16));
    }
    for (uint32_t r = 0; r < 4; ++r)
      m.d[g + r / 2 * 8][2 * t + r % 2] = of.c[r];
  }
}

void scatter(const Matrices &m, const MmaLane *const *lanes) {
  for (uint32_t lane = 0; lane < lanesOfWarp; ++lane)
    for (uint32_t r = 0; r < 4; ++r)
      lanes[lane]->d[r] = m.d[lane / 4 + r / 2 * 8][2 * (lane % 4) + r % 2];
}

template <uint32_t depth>
[[gnu::always_inline]] inline void accumulate(Matrices &m) {
  for (uint32_t row = 0; row < rows; ++row)
    for (uint32_t k = 0; k < depth; ++k)
      for (uint32_t column = 0; column < columns; ++column)
        m.d[row][column] =
            std::fmaf(m.a[row][k], m.b[k][column], m.d[row][column]);
}

#ifdef __x86_64__
template <uint32_t depth>
[[gnu::target("avx2,fma")]] void accumulateFast(Matrices &m) {
  accumulate<depth>(m);
}
bool isFast() {
  static const bool fast =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return fast;
}
#else
template <uint32_t depth> void accumulateFast(Matrices &m) {
  accumulate<depth>(m);
}
bool isFast() { return true; }
#endif

template <float (*decode)(uint16_t), uint32_t depth>
void multiply(const MmaLane *const *lanes) {
  Matrices m;
  gather<decode, depth>(m, lanes);
  if (isFast())
    accumulateFast<depth>(m);
  else
    accumulate<depth>(m);
  scatter(m, lanes);
}

} // namespace

void emulator::multiply(uint32_t kind, const MmaLane *const *lanes) {
  switch (kind) {
  case MOELORA_EMULATOR_MMA_M16N8K16_BF16:
    return ::multiply<bfloat, 16>(lanes);
  case MOELORA_EMULATOR_MMA_M16N8K16_F16:
    return ::multiply<half, 16>(lanes);
  case MOELORA_EMULATOR_MMA_M16N8K8_BF16:
    return ::multiply<bfloat, 8>(lanes);
  case MOELORA_EMULATOR_MMA_M16N8K8_F16:
    return ::multiply<half, 8>(lanes);
  }
}
