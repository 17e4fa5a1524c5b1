// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times one cell of the grid on a GPU: a layer, and the same layer as other
// engines compute it, in turns.
#ifndef MOELORA_TOOLS_BENCH_GPUCELL_H
#define MOELORA_TOOLS_BENCH_GPUCELL_H

#include "Problem.h"
#include "moelora/cost/Batch.h"

#include <optional>

namespace moelora::bench {

/// Replaces what is in the L2 cache.
class Flush {
public:
  Flush(const moelora_device &device, const cost::Gpu &gpu);
  ~Flush();
  Flush(const Flush &) = delete;
  void operator()() const;

private:
  const moelora_device &device;
  uint64_t bytes;
  void *memory = nullptr;
};

struct Timing {
  double seconds = 0, variation = 0; // median; coefficient of variation
};

/// What was measured of one implementation.
struct Implementation {
  /// From a graph, or without one where the device has none.
  const Timing &primary() const { return graph ? *graph : eager; }

  std::optional<Timing> graph;
  Timing eager;
  size_t launches = 0; // 0: not known
  uint64_t workspaceBytes = 0;
  reference::Verdict verdict;
};

struct Measured {
  std::string shape;
  Cell cell;
  cost::Floor floor;
  Implementation own;
  std::optional<Implementation> peer;
};

/// How cells are measured.
struct Protocol {
  const Flush &flush;
  const cost::Gpu &gpu;
  const host::CudaStream *stream; // NULL: the device has no graphs
  int64_t repeat;
};

/// Both layers are of the same shape; `peer` may be NULL.
Measured measure(const AdaptedLayer &own, const AdaptedLayer *peer,
                 const Cell &cell, const Protocol &protocol);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_GPUCELL_H
