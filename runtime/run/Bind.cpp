/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Binding checks everything about a layer that does not change between runs,
 * once.
 */
#include "run/Bind.h"

#include "base/Sized.h"
#include "collectives/GroupState.h"
#include "run/Match.h"
#include "run/Variants.h"
#include "slots/SlotTableState.h"

#include <algorithm>
#include <limits>

using namespace moelora;

namespace {

/// The size of the struct in the first version.
constexpr uint32_t leastBinding =
    MOELORA_SIZE_THROUGH(moelora_binding, expected);

std::string nameOf(const moelora_operand &operand) {
  return operandName(operand.role, operand.part);
}

void checkPlace(const moelora_operand &operand, const moelora_memory &memory,
                const moelora_program &program) {
  const moelora_device &device = program.device;
  if (!memory.device_kind)
    return;
  bool right = false;
  if (program.isOfHost()) {
    right = memory.device_kind == MOELORA_MEMORY_CPU ||
            memory.device_kind == MOELORA_MEMORY_CUDA_HOST;
  } else if (valueOf(device, MOELORA_DEVICE_KIND) == MOELORA_DEVICE_KIND_CUDA) {
    right = memory.device_kind == MOELORA_MEMORY_CUDA &&
            memory.device == valueOf(device, MOELORA_DEVICE_ORDINAL);
  }
  if (!right)
    fail("expects the " + nameOf(operand) + " to be in memory of " +
         device.name + ", but it is in memory of kind " +
         std::to_string(memory.device_kind) + " of device " +
         std::to_string(memory.device));
}

/// The stride of a dimension of size 1 has no effect.
Dims givenStrides(const moelora_memory &memory, const Dims &shape) {
  Dims strides = {};
  std::copy_n(memory.stride, strides.size(), strides.begin());
  return strides == Dims{} ? rowMajor(shape, memory.dims) : strides;
}

void checkStrides(const moelora_operand &operand, const Dims &shape,
                  const Dims &found) {
  Dims wanted = stridesOf(operand, shape);
  for (size_t d = 0; d < size_t(operand.dims); ++d) {
    bool right = operand.stride[d] ? found[d] == wanted[d] : found[d] >= 0;
    if (shape[d] > 1 && !right)
      fail("expects the " + nameOf(operand) + " to have strides " +
           shownDims(wanted.data(), operand.dims) + ", but it has " +
           shownDims(found.data(), operand.dims));
  }
}

bool hasShape(const moelora_operand &operand, const moelora_memory &memory,
              const Dims &shape) {
  return memory.dims == operand.dims &&
         std::equal(shape.begin(), shape.begin() + operand.dims, memory.shape);
}

} // namespace

Dims moelora::checkMemory(const moelora_operand &operand,
                          const moelora_memory &memory, int64_t tokens,
                          const moelora_program &program) {
  if (memory.dtype != operand.dtype)
    fail("expects the " + nameOf(operand) + " to have type " +
         shownType(operand.dtype) + ", but it has " + shownType(memory.dtype));
  Dims shape = shapeOf(operand, tokens);
  if (!hasShape(operand, memory, shape))
    fail("expects the " + nameOf(operand) + " to have shape " +
         shownDims(shape.data(), operand.dims) + ", but it has " +
         shownDims(memory.shape,
                   std::clamp(memory.dims, 0, MOELORA_MAX_OPERAND_DIMS)));
  Dims strides = givenStrides(memory, shape);
  checkStrides(operand, shape, strides);
  if (operandBytes(operand, tokens) && !memory.data)
    fail("expects the " + nameOf(operand) + ", but its address is null");
  if (reinterpret_cast<uintptr_t>(memory.data) % operand.align)
    fail("expects the address of the " + nameOf(operand) +
         " to be a multiple of " + std::to_string(operand.align) +
         ", but it is not");
  checkPlace(operand, memory, program);
  return strides;
}

namespace {

/// The memory of one weight, and whether it was bound.
struct Weight {
  moelora_memory memory;
  bool taken;
};

std::vector<Weight> readWeights(const moelora_binding &binding) {
  std::vector<Weight> weights;
  if (binding.weights && !binding.weight)
    fail("expects weights, but their address is null");
  for (const moelora_memory &memory :
       readSizedArray(binding.weight, binding.weights, leastMemory, "a weight"))
    weights.push_back({memory, false});
  return weights;
}

std::string present(const moelora_memory &memory) {
  return operandName(memory.role, memory.part);
}

/// Where experts are follows from the compiled layer, unless it is bound.
void addExpertMap(const moelora_variant &variant,
                  std::vector<Weight> &weights) {
  int32_t row = moelora_variant_operand(&variant, MOELORA_EXPERT_MAP,
                                        MOELORA_PART_VALUES);
  bool isGiven =
      std::any_of(weights.begin(), weights.end(), [](const Weight &weight) {
        return weight.memory.role == MOELORA_EXPERT_MAP;
      });
  if (row < 0 || isGiven || variant.size <= leastVariant || !variant.expert_map)
    return;
  const moelora_operand &operand = variant.operand[row];
  moelora_memory memory = {};
  memory.size = sizeof memory;
  memory.role = operand.role;
  memory.part = operand.part;
  memory.dtype = operand.dtype;
  memory.data = const_cast<int32_t *>(variant.expert_map);
  memory.dims = operand.dims;
  std::copy_n(operand.shape, operand.dims, memory.shape);
  weights.push_back({memory, false});
}

/// Finds the weight of a row, and checks that there is exactly one.
moelora_memory &take(std::vector<Weight> &weights,
                     const moelora_operand &operand) {
  Weight *found = nullptr;
  for (Weight &weight : weights) {
    if (weight.memory.role != operand.role ||
        weight.memory.part != operand.part)
      continue;
    if (found)
      fail("expects each weight once, but the " + present(weight.memory) +
           " is there twice");
    found = &weight;
  }
  if (!found)
    fail("expects the " + operandName(operand.role, operand.part) +
         ", but it is missing");
  found->taken = true;
  return found->memory;
}

void expectAllTaken(const std::vector<Weight> &weights) {
  for (const Weight &weight : weights)
    if (!weight.taken)
      fail("expects the weights that the compiled layer reads, but it does not "
           "read a " +
           present(weight.memory) + " from whoever binds it");
}

/// The number of tokens times choices must fit 32 bits.
int64_t mostTokensOf(const moelora_variant &variant) {
  int64_t choices = 1;
  int32_t row = moelora_variant_operand(&variant, MOELORA_EXPERT_IDS,
                                        MOELORA_PART_VALUES);
  if (row >= 0)
    choices = std::max<int64_t>(variant.operand[row].shape[1], 1);
  int64_t most = std::numeric_limits<int32_t>::max() / choices;
  return variant.max_tokens ? std::min(variant.max_tokens, most) : most;
}

int32_t layerOf(const moelora_artifact &artifact,
                const moelora_binding &binding) {
  int32_t layer = binding.layer >= 0 ? binding.layer : artifact.first_layer;
  if (binding.layer < -1)
    fail("expects the number of a layer, or -1, but it is " +
         std::to_string(binding.layer));
  if (layer < 0 && binding.table)
    fail("expects the number of a layer, as the compiled layer has none of its "
         "own, but it is " +
         std::to_string(binding.layer));
  return layer;
}

void checkTable(const moelora_program &program, const moelora_slot_table &table,
                int32_t layer) {
  if (&table.device != &program.device)
    fail(std::string("expects a slot table on the program's device ") +
         program.device.name + ", but it is on " + table.device.name);
  matchTable(program.artifact, program.variant, table.format.facts(layer));
}

moelora_binding readBinding(const moelora_binding *given) {
  moelora_binding binding = readSized(given, leastBinding, "a binding");
  if (binding.flags & ~uint32_t(MOELORA_BIND_CALLED))
    fail("expects the flags of a binding to be 0 or MOELORA_BIND_CALLED, but "
         "they are " +
         std::to_string(binding.flags));
  return binding;
}

void checkExpected(const moelora_artifact &artifact,
                   const moelora_layer *expected) {
  moelora_error *differs = nullptr;
  if (!expected)
    return;
  if (moelora_status status =
          moelora_artifact_match(&artifact, expected, &differs))
    failWith(status, differs);
}

/// A table or a group with bound layers cannot be destroyed.
void countLayers(moelora_slot_table *table, moelora_group *group,
                 int32_t change) {
  if (group)
    group->layers += change;
  if (!table)
    return;
  std::lock_guard<std::mutex> lock(table->mutex);
  table->layers += change;
}

} // namespace

moelora_bound_layer::moelora_bound_layer(moelora_program &program,
                                         const moelora_binding &binding)
    : program(program), table(binding.table), group(binding.group),
      layer(layerOf(program.artifact, binding)),
      mostTokens(mostTokensOf(program.variant)),
      called(binding.flags & MOELORA_BIND_CALLED) {
  const moelora_variant &variant = program.variant;
  checkExpected(program.artifact, binding.expected);
  matchGroup(program.variant, group);
  if (table)
    checkTable(program, *table, layer);
  for (int32_t kind = 0; kind < MOELORA_ENTRY_RESOLVE; ++kind)
    entries[kind] = program.entry(kind);
  std::vector<Weight> weights = readWeights(binding);
  if (!called)
    addExpertMap(variant, weights);
  bool anyFree = false;
  for (uint32_t row = 0; row < variant.operands; ++row) {
    const moelora_operand &operand = variant.operand[row];
    anyFree |= hasFreeStride(operand);
    if (called && !isOfRun(operand.role) && hasFreeStride(operand))
      fail("expects weights without free strides where they come with calls",
           MOELORA_UNSUPPORTED);
    if (called || isOfRun(operand.role)) {
      int64_t width = operand.dims > 1 ? operand.shape[1] : 1;
      given.push_back({row, &operand, width, operand.stride[0] == 0});
      operands.push_back(nullptr);
      dims.push_back(rowMajor(shapeOf(operand, 1), operand.dims));
    } else {
      const moelora_memory &memory = take(weights, operand);
      dims.push_back(checkMemory(operand, memory, /*tokens=*/0, program));
      operands.push_back(memory.data);
    }
  }
  expectAllTaken(weights);
  for (uint32_t row = 0; anyFree && row < variant.operands; ++row)
    strides.push_back(hasFreeStride(variant.operand[row]) ? dims[row].data()
                                                          : nullptr);
  ++program.layers;
  countLayers(table, group, 1);
}

moelora_bound_layer::~moelora_bound_layer() {
  countLayers(table, group, -1);
  --program.layers;
}

moelora_status moelora_layer_bind(moelora_program *program,
                                  const moelora_binding *binding,
                                  moelora_bound_layer **layer,
                                  moelora_error **error) {
  return guarded(error, [&] {
    if (!program || !binding || !layer)
      fail("expects a program, a binding and a place for the layer, but one of "
           "them is null");
    *layer = new moelora_bound_layer(*program, readBinding(binding));
  });
}

moelora_status moelora_layer_unbind(moelora_bound_layer *layer,
                                    moelora_error **error) {
  return guarded(error, [&] { delete layer; });
}

uint64_t moelora_layer_workspace(const moelora_bound_layer *layer,
                                 int32_t entry, int64_t tokens) {
  bool known = layer && entry >= 0 && entry < MOELORA_ENTRIES &&
               layer->entries[entry] && tokens >= 0 &&
               tokens <= layer->mostTokens;
  return known ? layer->program.variant.workspace(
                     entry, tokens, layer->program.services.workers)
               : 0;
}
