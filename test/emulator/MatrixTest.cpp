// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares ldmatrix and movmatrix with the layouts that the PTX ISA states.

#include "Emulator.h"

#include <gmock/gmock.h>

using namespace moelora;
using namespace moelora::test;
using testing::HasSubstr;

namespace {

constexpr uint32_t lanes = 32;

struct LoadCase {
  const uint16_t *rows; ///< of 4 matrices of 8 x 8, one after another
  uint32_t *out;
  uint32_t matrices, transposed;
};

/// Lane i has the address of row i of all matrices, in shared memory.
void loadMatrices(Gpu gpu, const LoadCase &test) {
  uint32_t lane = gpu.lane(), registers[4] = {};
  for (uint32_t i = 0; i < 8; ++i)
    gpu.storeShared<uint16_t>(lane * 16 + i * 2,
                              gpu.load(test.rows + lane * 8 + i, 0), 1);
  gpu.warpBarrier(2);
  // With fewer matrices, the addresses of the other lanes are not used.
  void *row = lane < test.matrices * 8 ? gpu.shared(lane * 16) : nullptr;
  gpu.calls().load_matrix(gpu.self, row, test.matrices, test.transposed,
                          registers, 3);
  for (uint32_t m = 0; m < 4; ++m)
    gpu.store(&test.out[lane * 4 + m], registers[m], 4);
}

TEST(EmulatedMatrices, AreLoadedByRowsAndByColumns) {
  Emulator emulator;
  std::vector<uint16_t> rows(4 * 64);
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i] = static_cast<uint16_t>(i * 251 + 7);
  auto *uploaded = emulator.upload(rows);
  auto *out = emulator.allocate<uint32_t>(lanes * 4);
  for (uint32_t matrices : {1, 2, 4})
    for (uint32_t transposed : {0, 1}) {
      ASSERT_EQ(emulator
                    .launch<LoadCase>(loadMatrices, {1, 32, 512},
                                      {uploaded, out, matrices, transposed})
                    .fault,
                "");
      std::vector<uint32_t> got = emulator.download(out, lanes * 4);
      for (uint32_t lane = 0; lane < lanes; ++lane)
        for (uint32_t m = 0; m < 4; ++m) {
          uint32_t row = lane / 4, column = lane % 4 * 2;
          auto element = [&](uint32_t r, uint32_t c) -> uint32_t {
            return rows[m * 64 + (transposed ? c * 8 + r : r * 8 + c)];
          };
          uint32_t expected = element(row, column) | element(row, column + 1)
                                                         << 16;
          EXPECT_EQ(got[lane * 4 + m], m < matrices ? expected : 0);
        }
    }
}

struct FaultyLoad {
  uint32_t offset, matrices;
};
std::string loadFault(FaultyLoad test) {
  auto body = [](Gpu gpu, const FaultyLoad &test) {
    uint32_t registers[4];
    gpu.calls().load_matrix(gpu.self,
                            gpu.shared(test.offset + gpu.lane() % 8 * 16),
                            test.matrices, 0, registers, 3);
  };
  return Emulator().launch<FaultyLoad>(body, {1, 32, 256}, test).fault;
}

TEST(EmulatedMatrices, AreLoadedFromAlignedRowsInSharedMemory) {
  EXPECT_EQ(loadFault({0, 4}), "");
  EXPECT_THAT(loadFault({8, 4}),
              HasSubstr("op3 at k.mlir:3: expects an address at a multiple of "
                        "16, but it is 8 beyond one"));
  EXPECT_THAT(loadFault({144, 1}),
              HasSubstr("thread (7, 0, 0), op3 at k.mlir:3: expects an access "
                        "within the 256 bytes of shared memory, but it loads "
                        "16 bytes at offset 256"));
  EXPECT_THAT(loadFault({0, 3}),
              HasSubstr("expects to load 1, 2 or 4 matrices, but they are 3"));
}

TEST(EmulatedMatrices, AreTransposedBetweenLanes) {
  Emulator emulator;
  auto *out = emulator.allocate<uint32_t>(lanes);
  // Element (r, c) is 8 r + c. Lane i has columns 2 (i % 4) and 2 (i % 4) + 1
  // of row i / 4.
  auto body = [](Gpu gpu, uint32_t *const &out) {
    uint32_t first = gpu.lane() / 4 * 8 + gpu.lane() % 4 * 2;
    gpu.store(&out[gpu.lane()],
              gpu.calls().move_matrix(gpu.self, first | (first + 1) << 16, 0),
              1);
  };
  ASSERT_EQ(emulator.launch<uint32_t *>(body, {}, out).fault, "");
  std::vector<uint32_t> got = emulator.download(out, lanes);
  for (uint32_t i = 0; i < lanes; ++i) {
    uint32_t row = i / 4, column = i % 4 * 2;
    EXPECT_EQ(got[i], (8 * column + row) | (8 * (column + 1) + row) << 16);
  }
}

} // namespace
