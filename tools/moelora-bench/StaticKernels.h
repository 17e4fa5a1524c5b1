// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known of compiled kernels without a GPU.
#ifndef MOELORA_TOOLS_BENCH_STATICKERNELS_H
#define MOELORA_TOOLS_BENCH_STATICKERNELS_H

#include "moelora/cost/Tile.h"
#include "moelora/host/Report.h"
#include "moelora/sass/Sass.h"

#include <map>

namespace moelora::bench {

struct StaticKernel {
  sass::Kernel code;
  int64_t dynamicShared = 0;  // bytes
  int64_t residentBlocks = 0; // on an SM
  /// What the main loop occupies of shared memory, divided by what it occupies
  /// of tensor cores. Nothing without a main loop, or if its operands are not
  /// in registers.
  std::optional<double> sharedToTensor;
  /// Instructions of a warp for 512 bytes of weights, if the tile is known.
  std::optional<double> perWeights;
};

/// The tiles of one matmul, by their tokens.
using Tiles = std::map<int64_t, cost::Tile>;

/// The schedule of a layer, of the kernels gate_up and down.
struct LayerTiles {
  Tiles gateUp, down;
};

/// A layer that is compiled for an architecture, such as 80.
struct StaticLayer {
  std::string config; // path
  cost::Gpu gpu;
  LayerTiles tiles;
  std::vector<StaticKernel> kernels;
  /// Of processor time, from the model's configuration to PTX and to the cubin,
  /// with one thread and with nothing compiled before.
  double ptxSeconds = 0, cubinSeconds = 0;
};

/// `folder` is that of the tools. Throws if the layer cannot be compiled for
/// the architecture.
StaticLayer inspectLayer(const std::string &folder, const std::string &config,
                         int32_t architecture);

/// The kernels of a cubin, of this compiler or of another one. A file beside it
/// whose name ends in .json instead may state the dynamic shared memory, as
/// "shared".
StaticLayer inspectCubin(const std::string &path);

void printKernels(const StaticLayer &layer);
host::Json documentOf(const StaticLayer &layer);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_STATICKERNELS_H
