/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The weights of one layer, in memory of the device or of an engine.
 */
#ifndef MOELORA_RUNTIME_MODELWEIGHTS_H
#define MOELORA_RUNTIME_MODELWEIGHTS_H

#include "device/Handles.h"
#include "moelora/models/Part.h"
#include "moelora/runtime/Program.h"

#include <vector>

namespace moelora {

class ModelWeights {
public:
  explicit ModelWeights(models::Part part = {}) : part(std::move(part)) {}

  /// Reads the part's weights of the variant from a checkpoint.
  void read(const models::Model &model, int layer,
            const moelora_checkpoint *checkpoint,
            const moelora_variant &variant, const moelora_device &device);
  /// Generates random values.
  void makeUp(const models::Model &model, int layer,
              const moelora_variant &variant, const moelora_device &device,
              const moelora_services &services);
  /// Uses a tensor of an engine, and replaces an earlier one.
  void give(const moelora_memory &weight);

  const std::vector<moelora_memory> &all() const { return weights; }
  /// Of the memory that was allocated.
  uint64_t bytes() const;

private:
  /// Device memory for one weight of the part, filled by `fill(host, type)`.
  template <typename Fill>
  void add(const moelora_variant &variant, const models::Operand &operand,
           const moelora_device &device, Fill fill);

  models::Part part;
  std::vector<DeviceMemory> memory;
  std::vector<moelora_memory> weights;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_MODELWEIGHTS_H
