// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The building blocks of a matmul's kernel between its tile and its epilogue.
#ifndef MOELORA_CODEGEN_GPU_MAINLOOP_H
#define MOELORA_CODEGEN_GPU_MAINLOOP_H

#include "gpu/MatmulTile.h"

namespace moelora::codegen {

// The building blocks, in the order in which a kernel uses them.

/// Calls `body(i)` for i in [0, count), spread over the blocks of the grid.
void forTiles(KernelCode &code, Int count, llvm::function_ref<void(Int)> body);

/// Accumulators that are the bias of their feature, or zero.
Accumulators startWithBias(MatmulTile &tile);
Accumulators startWithZero(MatmulTile &tile);

/// Adds LoRA's B u to the accumulators. Values of rows without an
/// adapter are not touched.
Accumulators expandLora(MatmulTile &tile, Accumulators accumulators);

/// The main loop: adds W x. Both have the same contract: the accumulators
/// before in, those after out, and no thread of the block uses the shared
/// memory of the loop after its end. `start` begins to read, so that work in
/// between overlaps with it.
class MainLoop {
public:
  virtual ~MainLoop() = default;
  virtual void start(MatmulTile &tile) = 0;
  virtual Accumulators run(MatmulTile &tile, Accumulators accumulators) = 0;
  virtual int64_t sharedBytes() const = 0;
};
std::unique_ptr<MainLoop> createMmaLoop(MatmulTile &tile);
std::unique_ptr<MainLoop> createScalarLoop(MatmulTile &tile);
/// Adds sums that another kernel has stored at a word of the frame.
std::unique_ptr<MainLoop> createStoredLoop(MatmulTile &tile, int64_t sums);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_GPU_MAINLOOP_H
