/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads weights into memory of a device: directly if the host can access it,
 * and otherwise through memory of the host.
 */
#include "model/ModelWeights.h"

#include "base/Convert.h"
#include "moelora/runtime/Artifact.h"

#include <algorithm>
#include <cmath>

using namespace moelora;

namespace {

/// The half width of the uniform distribution whose deviation is 1.
const double unitAmplitude = std::sqrt(3.0);

/// SplitMix64's finalizer.
uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// Uniform values that keep a layer's numbers near 1: factors are around 1, and
/// a sum over the last dimension keeps the deviation of its inputs.
struct Spread {
  double center, amplitude;
};
Spread spreadOf(const models::Operand &operand) {
  switch (operand.role) {
  case MOELORA_EXPERT_SCALE:
  case MOELORA_ROUTER_NORM_WEIGHT:
  case MOELORA_OUTPUT_NORM_WEIGHT:
    return {1, 0.5};
  default:
    return {0, unitAmplitude / std::sqrt(double(operand.shape.back()))};
  }
}

struct Filling {
  char *data;
  int32_t dtype;
  int64_t count;
  Spread spread;
  uint64_t seed;
};

constexpr int64_t elementsOfTask = int64_t(1) << 20;

template <typename To> void fillPart(const Filling &filling, int64_t task) {
  auto *to = reinterpret_cast<To *>(filling.data);
  int64_t end = std::min(filling.count, (task + 1) * elementsOfTask);
  for (int64_t i = task * elementsOfTask; i < end; ++i) {
    double unit = double(mix(filling.seed + uint64_t(i)) >> 11) * 0x1p-52 - 1;
    to[i] =
        convert<To>(filling.spread.center + unit * filling.spread.amplitude);
  }
}

void fillTask(void *frame, int64_t task, int64_t) {
  const Filling &filling = *static_cast<Filling *>(frame);
  if (filling.dtype == MOELORA_BF16)
    fillPart<BF16>(filling, task);
  else if (filling.dtype == MOELORA_F16)
    fillPart<F16>(filling, task);
  else
    fillPart<float>(filling, task);
}

/// Each row has consecutive ids, so that no token has an expert twice.
void fillTable(const models::Operand &operand, void *data) {
  int64_t k = operand.shape.back();
  auto *ids = static_cast<int32_t *>(data);
  for (int64_t i = 0; i < operand.elements(); ++i)
    ids[i] = int32_t(
        (mix(uint64_t(i / k)) % uint64_t(operand.ids) + uint64_t(i % k)) %
        uint64_t(operand.ids));
}

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
  auto bound = models::bindWeights(model, layer, checkpoint);
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
    add(variant, operand, device, [&](char *to, int32_t dtype) {
      if (operand.ids)
        return fillTable(operand, to);
      uint64_t seed = mix(mix(uint64_t(layer)) + uint64_t(operand.role));
      Filling filling = {to, dtype, operand.elements(), spreadOf(operand),
                         seed};
      int64_t tasks = (filling.count + elementsOfTask - 1) / elementsOfTask;
      services.parallel_for(services.context, tasks, fillTask, &filling);
    });
}

void ModelWeights::give(const moelora_memory &weight) {
  for (moelora_memory &there : weights)
    if (there.role == weight.role && there.part == weight.part) {
      there = weight;
      return;
    }
  weights.push_back(weight);
}
