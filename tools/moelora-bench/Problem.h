// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer of one shape with random weights, and the cells of the grid
// for it: adapters in a slot table, and batches.
#ifndef MOELORA_TOOLS_BENCH_PROBLEM_H
#define MOELORA_TOOLS_BENCH_PROBLEM_H

#include "Shape.h"
#include "moelora/host/CompiledLayer.h"
#include "moelora/host/CudaStream.h"
#include "moelora/host/Run.h"
#include "moelora/reference/Compare.h"

#include <deque>
#include <memory>

namespace moelora::bench {

/// The options of the compilation.
struct Limits {
  std::vector<std::string> options; // --cpu=..., --target=... and the like
  int32_t slots, maxRank;
};

/// What all cells need.
Limits limitsOf(const std::vector<Cell> &cells,
                std::vector<std::string> options);

/// Compiles a layer of this shape with moelora-compile into a folder: a shared
/// object, and the config.json beside it.
void compileShape(const Shape &shape, const std::string &compiler,
                  const Limits &limits, const std::string &folder);

/// A layer of this shape that is in a folder, with random weights, or those of
/// another layer of the same shape.
struct Layer {
  Layer(const Shape &shape, const std::string &folder,
        const host::Target &target,
        std::shared_ptr<const host::Weights> shared = nullptr);

  const Shape &shape;
  const moelora_services &services;
  const host::CompiledLayer compiled;
  const std::shared_ptr<const host::Weights> shared;
  const host::Weights &weights;
};

/// Compiles a layer and loads it.
Layer makeLayer(const Shape &shape, const std::string &compiler,
                const Limits &limits, const host::Target &target);

/// A table with adapters of these ranks on every expert, and the layer bound to
/// it.
struct AdaptedLayer {
  AdaptedLayer(const Layer &layer, const std::vector<int32_t> &ranks);

  const Layer &layer;
  const std::vector<host::OpenAdapter> adapters;
  const host::SlotTable table;
  const host::BoundLayer bound;
};

/// Random hidden states, and expert weights that are all the same.
host::Inputs inputsOf(const Layer &layer, const Routing &routing,
                      uint64_t seed);

/// One cell: the batches of its routings.
class Problem {
public:
  /// With a stream of CUDA, all work is on it, and can be replayed.
  Problem(const AdaptedLayer &adapted, const Cell &cell,
          const host::CudaStream *stream = nullptr);

  /// One batch, the next one in turn, with the resolution of its ids.
  void run();
  /// The same without counting anew what the run does.
  void repeat();
  /// Does a batch, the next one in turn, and returns the seconds that it takes,
  /// on the device if there is a stream.
  double secondsOfWork();
  /// The same from a graph. There has to be a stream.
  double secondsOfReplay();
  size_t launches() const { return graphs.empty() ? 0 : graphs[0].nodes(); }
  uint64_t workspaceBytes() const { return batches.front().workspaceBytes(); }
  /// Overwrites the output of the batch that is next in turn.
  void poison() { batches[runs % batches.size()].poison(); }
  /// Compares a few rows of the last run with the reference.
  reference::Verdict compare();

  const std::vector<Routing> routings;

private:
  const AdaptedLayer &adapted;
  const Cell cell;
  size_t runs = 0;
  std::deque<host::Inputs> inputs; // by routing, as the batches
  std::deque<host::Run> batches;
  const host::CudaStream *stream;
  std::deque<host::CudaGraph> graphs; // by batch
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_PROBLEM_H
