/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The weights of one layer, in memory of the device or where an engine has
 * them.
 */
#ifndef MOELORA_RUNTIME_MODELWEIGHTS_H
#define MOELORA_RUNTIME_MODELWEIGHTS_H

#include "device/Handles.h"
#include "moelora/models/Weights.h"
#include "moelora/runtime/Program.h"

#include <vector>

namespace moelora {

class ModelWeights {
public:
  /// Reads what the variant asks for from a checkpoint.
  void read(const models::Model &model, int layer,
            const moelora_checkpoint *checkpoint,
            const moelora_variant &variant, const moelora_device &device);
  /// Makes values up.
  void makeUp(const models::Model &model, int layer,
              const moelora_variant &variant, const moelora_device &device,
              const moelora_services &services);
  /// Takes an engine's tensor, instead of one that is there.
  void give(const moelora_memory &weight);

  const std::vector<moelora_memory> &all() const { return weights; }

private:
  /// Memory for one weight of the device, filled by `fill(host, bytes)`.
  template <typename Fill>
  void add(const moelora_variant &variant, const models::Operand &operand,
           const moelora_device &device, Fill fill);

  std::vector<DeviceMemory> memory;
  std::vector<moelora_memory> weights;
};

} // namespace moelora

#endif // MOELORA_RUNTIME_MODELWEIGHTS_H
