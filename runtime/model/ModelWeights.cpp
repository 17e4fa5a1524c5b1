/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads weights into memory of a device: directly if the host can access it,
 * and otherwise through memory of the host.
 */
#include "model/ModelWeights.h"

#include "moelora/models/RandomWeights.h"
#include "moelora/runtime/Artifact.h"

#include <algorithm>

using namespace moelora;

namespace {

void upload(const moelora_device &device, const DeviceMemory &to,
            const DeviceMemory &from) {
  Stream stream(device);
  call(device, &moelora_device::copy, stream.get(), to.data(), from.data(),
       from.size());
  call(device, &moelora_device::stream_synchronize, stream.get());
}

} // namespace

template <typename Fill>
void ModelWeights::add(const moelora_variant &variant,
                       const models::Operand &operand,
                       const moelora_device &device, Fill fill) {
  int32_t index =
      moelora_variant_operand(&variant, operand.role, MOELORA_PART_VALUES);
  if (index < 0)
    return; // the program does not read it
  int32_t dtype = variant.operand[index].dtype;
  uint64_t bytes = moelora_variant_operand_bytes(&variant, index, 0);
  uint64_t elements = static_cast<uint64_t>(operand.elements());
  if (bytes != elements * moelora_dtype_bytes(dtype))
    fail("expects the compiled layer and the model to agree on the size of a "
         "weight, but role " +
         std::to_string(operand.role) + " has " + std::to_string(bytes) +
         " bytes in the one and " + std::to_string(elements) +
         " elements in the other");
  DeviceMemory there(device, bytes);
  if (device.host_visible) {
    fill(there.data(), dtype);
  } else {
    DeviceMemory here(device, bytes, DeviceMemory::OnHost);
    fill(here.data(), dtype);
    upload(device, there, here);
  }
  // The shape of the program, which may have an additional dimension of size 1.
  const moelora_operand &row = variant.operand[index];
  moelora_memory weight = {};
  weight.size = sizeof weight;
  weight.role = operand.role;
  weight.part = MOELORA_PART_VALUES;
  weight.dtype = row.dtype;
  weight.data = there.data();
  weight.dims = row.dims;
  std::copy_n(row.shape, row.dims, weight.shape);
  memory.push_back(std::move(there));
  give(weight);
}

void ModelWeights::read(const models::Model &model, int layer,
                        const moelora_checkpoint *checkpoint,
                        const moelora_variant &variant,
                        const moelora_device &device) {
  auto bound = models::bindWeights(model, layer, checkpoint, part);
  if (!bound)
    fail(bound.message());
  for (const models::BoundOperand &source : *bound)
    add(variant, source.operand(), device, [&](char *to, int32_t dtype) {
      std::string wrong = source.read(to, static_cast<moelora_dtype>(dtype));
      if (!wrong.empty())
        fail(wrong);
    });
}

void ModelWeights::makeUp(const models::Model &model, int layer,
                          const moelora_variant &variant,
                          const moelora_device &device,
                          const moelora_services &services) {
  for (const models::Operand &operand : models::weightOperands(model, layer))
    add(variant, models::cut(operand, part), device,
        [&](char *to, int32_t dtype) {
          models::fillRandomPart(operand, part, to,
                                 static_cast<moelora_dtype>(dtype),
                                 static_cast<uint64_t>(layer), services);
        });
}

uint64_t ModelWeights::bytes() const {
  uint64_t all = 0;
  for (const DeviceMemory &one : memory)
    all += one.size();
  return all;
}

void ModelWeights::give(const moelora_memory &weight) {
  for (moelora_memory &there : weights)
    if (there.role == weight.role && there.part == weight.part) {
      there = weight;
      return;
    }
  weights.push_back(weight);
}
