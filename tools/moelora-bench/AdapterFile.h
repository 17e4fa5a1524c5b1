// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters of realistic size: the layers that they adapt, and their files.
#ifndef MOELORA_TOOLS_BENCH_ADAPTERFILE_H
#define MOELORA_TOOLS_BENCH_ADAPTERFILE_H

#include "Shape.h"
#include "moelora/adapters/Dummy.h"
#include "moelora/host/Adapters.h"
#include "moelora/models/AdapterTarget.h"

namespace moelora::bench {

/// A target with equal MoE layers of gated experts, and the module names of
/// Qwen3-MoE.
class Workload {
public:
  Workload(int64_t layers, int64_t experts, int64_t hidden,
           int64_t intermediate);

  /// Borrowed from this object.
  moelora_adapter_target target() const { return names.get(); }
  /// The number of elements per rank of gate, up and down of all experts and of
  /// the router, each with a separate A and B.
  uint64_t elementsOfRank() const { return elements; }
  /// An adapter of zeros without files, with the same rank everywhere.
  host::AdapterHandle makeZeros(int32_t rank) const;
  /// An empty table of row-major pages of bf16.
  host::TableHandle makeTable(int32_t slots, int32_t maxRank) const;

private:
  models::AdapterTarget names;
  uint64_t elements;
};

/// Writes an adapter into an empty folder, waits until it is on the disk, and
/// leaves it in the page cache.
void writeSettled(const std::string &folder, const adapters::Dummy &dummy);

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_ADAPTERFILE_H
