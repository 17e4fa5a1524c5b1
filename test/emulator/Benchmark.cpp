// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Measures the speed of the emulator. It runs thread blocks of 4 warps and
// prints mma.sync.m16n8k16 per second of processor time, with all switches
// between threads.
//
//   moelora-emulator-benchmark

#include "Emulator.h"

#include <cstdio>
#include <ctime>

using namespace moelora::test;

namespace {

struct Loop {
  uint32_t count;
  float *out;
};

/// Multiplies operands that stay in registers.
void multiplyOnly(Gpu gpu, const Loop &loop) {
  uint32_t a[4] = {0x3F803F80, 0x3F803F80, 0x3F803F80, 0x3F803F80}, b[2] = {};
  float c[4] = {};
  for (uint32_t i = 0; i < loop.count; ++i)
    gpu.calls().mma(gpu.self, MOELORA_EMULATOR_MMA_M16N8K16_BF16, a, b, c, c,
                    0);
  gpu.store(&loop.out[gpu.block() * 128 + gpu.tid()], c[0], 1);
}

/// Loads both operands from shared memory before each product.
void loadAndMultiply(Gpu gpu, const Loop &loop) {
  float c[4] = {};
  uint32_t a[4], b[2], row = gpu.lane() % 16 * 32 + gpu.lane() / 16 * 16;
  gpu.storeShared<uint64_t>(gpu.tid() * 8, 0, 0);
  gpu.barrier(1);
  for (uint32_t i = 0; i < loop.count; ++i) {
    gpu.calls().load_matrix(gpu.self, gpu.shared(row), 4, 0, a, 2);
    gpu.calls().load_matrix(gpu.self, gpu.shared(row), 2, 0, b, 3);
    gpu.calls().mma(gpu.self, MOELORA_EMULATOR_MMA_M16N8K16_BF16, a, b, c, c,
                    4);
  }
  gpu.store(&loop.out[gpu.block() * 128 + gpu.tid()], c[0], 5);
}

void measure(const char *name, void (*kernel)(Gpu, const Loop &),
             const char *options) {
  constexpr uint32_t blocks = 4, threads = 128, count = 10000;
  Emulator emulator(options);
  Loop loop = {count, emulator.allocate<float>(blocks * threads)};
  std::clock_t begin = std::clock();
  moelora::emulator::Report report =
      emulator.launch(kernel, {blocks, threads, 1024}, loop);
  double seconds = double(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("%-24s %-36s %9.0f mma/s %s\n", name, options,
              static_cast<double>(report.counts.mmas) / seconds,
              report.fault.c_str());
}

} // namespace

int main() {
  for (const char *options :
       {"workers=1,checks=off", "workers=1", "workers=1,schedule=random",
        "workers=1,schedule=adversarial"}) {
    measure("mma", multiplyOnly, options);
    measure("2 ldmatrix and mma", loadAndMultiply, options);
  }
}
