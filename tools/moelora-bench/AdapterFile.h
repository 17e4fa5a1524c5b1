// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters as large as real ones: the layers that they adapt, and files.
#ifndef MOELORA_TOOLS_BENCH_ADAPTERFILE_H
#define MOELORA_TOOLS_BENCH_ADAPTERFILE_H

#include "RuntimeSupport.h"

namespace moelora::bench {

/// Equal MoE layers of gated experts, with the module names of Qwen3-MoE.
class Workload {
public:
  Workload(int64_t layers, int64_t experts, int64_t hidden,
           int64_t intermediate);

  /// Borrowed from this object.
  moelora_adapter_target target() const;
  const moelora_adapter_site &site() const { return sites[0]; }
  int64_t layers() const { return static_cast<int64_t>(sites.size()); }
  /// Elements of one rank of gate, up and down of all experts, each with an A
  /// and a B of its own.
  uint64_t elementsOfRank() const;
  /// Zeros of one rank on every expert, without files.
  Adapter makeDummy(int32_t rank) const;

private:
  std::vector<moelora_adapter_site> sites;
};

enum class FileForm {
  PerExpert, // six tensors per expert
  Packed,    // four tensors per layer; gate and up share their A
};

/// Bytes of the tensors of such a file.
uint64_t fileBytes(const Workload &workload, FileForm form, int32_t rank,
                   int32_t dtype);

/// Writes an adapter of signed random numbers, F32 or BF16, into an empty
/// folder, waits until it is on the disk, and leaves it in the page cache.
void writeAdapter(const std::string &folder, const Workload &workload,
                  FileForm form, int32_t rank, int32_t dtype);

/// A folder that goes with everything in it.
class TemporaryFolder {
public:
  /// Throws where `parent` has less room than that.
  TemporaryFolder(const std::string &parent, uint64_t bytes);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;

  std::string path;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_ADAPTERFILE_H
