/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs and bound layers, for the functions that make and run them.
 */
#ifndef MOELORA_RUNTIME_RUN_PROGRAM_H
#define MOELORA_RUNTIME_RUN_PROGRAM_H

#include "moelora/runtime/Program.h"
#include "run/Artifact.h"
#include "run/Launch.h"
#include "run/Operands.h"

#include <atomic>
#include <vector>

namespace moelora {

/// Code that is loaded on a device.
class Module {
public:
  Module(const moelora_device &device, const moelora_binary &binary);
  explicit Module(const moelora_device &device) : device(device) {} ///< empty
  Module(Module &&other) noexcept
      : device(other.device), module(std::exchange(other.module, nullptr)) {}
  ~Module();
  moelora_kernel *get(const moelora_kernel_info &info) const;

private:
  const moelora_device &device;
  moelora_module *module = nullptr;
};

/// A kernel of the host that runs a layer. Its parameters are a LayerRun.
void runLayerKernel(const moelora_launch *launch);

} // namespace moelora

struct moelora_program {
  moelora_program(const moelora_artifact &artifact,
                  const moelora_variant &variant, const moelora_device &device,
                  const moelora_services &services);
  /// For code of the host, a run is a call, or one kernel on a stream.
  bool isOfHost() const { return hostKernel; }
  /// The entry point of a kind, or NULL.
  const moelora_entry *entry(int32_t kind) const;
  /// Receives the counters of runs without statistics.
  moelora_run_stats *unread() const {
    return reinterpret_cast<moelora_run_stats *>(counters.data());
  }

  const moelora::ArtifactUse use;
  const moelora_artifact &artifact;
  const moelora_variant &variant;
  const moelora_device &device;
  moelora_services services; ///< as generated code receives them
  moelora::Launcher launcher;
  std::vector<moelora::Module> modules; ///< by binary
  std::vector<moelora_kernel *> kernels;
  moelora_kernel *hostKernel = nullptr;
  moelora::DeviceMemory counters;
  std::atomic<int64_t> layers{0}; ///< that are bound
  std::atomic<int64_t> steps{0};  ///< that resolve ids with it
};

struct moelora_bound_layer {
  moelora_bound_layer(moelora_program &program, const moelora_binding &binding);
  moelora_bound_layer(const moelora_bound_layer &) = delete;
  ~moelora_bound_layer();

  /// An operand that a run provides, and the entry points that read it.
  struct Given {
    uint32_t row;
    const moelora_operand *operand;
    int64_t width; ///< elements of a token
    bool freeRows; ///< rows may be further apart
  };

  /// Whether runs exchange rows with peer ranks. Otherwise they read only the
  /// coordinates of the group.
  bool exchanges() const {
    return program.variant.services & MOELORA_SERVICE_COLLECTIVE;
  }

  moelora_program &program;
  moelora_slot_table *const table;
  moelora_group *const group; ///< NULL: the layer is whole
  int32_t layer = -1;
  const moelora_entry *entries[MOELORA_ENTRIES] = {}; ///< by kind
  int64_t mostTokens = 0;
  const bool called = false; ///< each call provides all operands
  std::vector<Given> given;
  std::vector<void *> operands;         ///< by row; NULL: a run gives it
  std::vector<moelora::Dims> dims;      ///< strides, by row
  std::vector<const int64_t *> strides; ///< by row; empty: none is free
};

#endif // MOELORA_RUNTIME_RUN_PROGRAM_H
