/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls: runs of bound layers whose operands all come with the call.
 */
#include "moelora/runtime/Call.h"

#include "run/Bind.h"
#include "run/Run.h"
#include "slots/StepState.h"

#include <cstring>

using namespace moelora;

namespace {

/// The size of the struct in the first version.
constexpr uint32_t leastContext =
    MOELORA_SIZE_THROUGH(moelora_call_context, error);

/// The operands of a call, in the caller's memory. Its structs may be smaller
/// or larger than those of this version.
class Operands {
public:
  Operands(uint32_t count, const moelora_memory *first)
      : count(count), first(first),
        bytes(statedSize(first, leastMemory, "an operand of a call")) {
    for (uint32_t i = 0; i < count; ++i)
      if (at(i).size != bytes)
        fail("expects operands of one size, but one has " +
             std::to_string(bytes) + " bytes and one " +
             std::to_string(at(i).size));
  }

  template <typename Function> void forEach(Function function) const {
    for (uint32_t i = 0; i < count; ++i)
      function(at(i));
  }

  /// The only operand of a role, or NULL if there is none.
  const moelora_memory *find(int32_t role) const {
    const moelora_memory *found = nullptr;
    forEach([&](const moelora_memory &operand) {
      if (operand.role != role)
        return;
      if (found)
        fail("expects each operand of a call once, but the " +
             operandName(role, MOELORA_PART_VALUES) + " is there twice");
      found = &operand;
    });
    return found;
  }

  const moelora_memory &get(int32_t role) const {
    const moelora_memory *found = find(role);
    if (!found)
      fail("expects the " + operandName(role, MOELORA_PART_VALUES) +
           " in a call, but it is missing");
    return *found;
  }

private:
  const moelora_memory &at(uint32_t index) const {
    const char *place = reinterpret_cast<const char *>(first);
    return *reinterpret_cast<const moelora_memory *>(place + index * bytes);
  }

  const uint32_t count;
  const moelora_memory *const first;
  const size_t bytes;
};

const moelora_bound_layer &layerOf(const moelora_call_context &context,
                                   int64_t number, const char *name) {
  statedSize(&context, leastContext, "a context");
  if (number < 0 || number >= int64_t(context.layers) || !context.layer)
    fail("expects a context with the layer " + std::to_string(number) +
         ", but it has " + std::to_string(context.layer ? context.layers : 0) +
         " layers");
  const moelora_bound_layer *layer = context.layer[number];
  expectThere(layer, "a bound layer");
  expectThere(name, "the name of a layer");
  if (strcmp(layer->program.artifact.name, name) != 0)
    fail("expects layer " + std::to_string(number) +
         " of the context to be of " + name + ", but it is of " +
         layer->program.artifact.name);
  if (!layer->called)
    fail("expects a layer that is bound with MOELORA_BIND_CALLED, but it is "
         "bound with weights");
  return *layer;
}

/// The layer's own entry point: the first kind that it has.
int32_t entryOf(const moelora_bound_layer &layer) {
  int32_t kind = MOELORA_ENTRY_ALL;
  while (kind < MOELORA_ENTRY_IDS && !layer.entries[kind])
    ++kind;
  return kind;
}

void checkTables(const moelora_bound_layer &layer, const Operands &operands) {
  operands.forEach([&](const moelora_memory &operand) {
    if (operand.role >= MOELORA_CALL_TABLES && operand.data != layer.table)
      fail("expects the slot table to which the layer is bound, but a call has "
           "another one");
  });
}

/// Whether a token with this id can have been resolved to this number.
bool agrees(int32_t id, int32_t number, int32_t indexBits) {
  return number == -1 ||
         (id >= 0 && number == (id & ((int32_t(1) << indexBits) - 1)));
}

/// The step has resolved ids before. If they were others, tokens would be
/// served with adapters of other tenants.
void checkSlots(const LayerRun &run, const Operands &operands) {
  const moelora_memory *slots = operands.find(MOELORA_CALL_SLOTS);
  if (!slots || !run.step)
    return;
  if (slots->dtype != MOELORA_I32 || slots->dims != 1 ||
      slots->shape[0] != run.tokens)
    fail("expects the ids of slots to have type I32 and shape [" +
         std::to_string(run.tokens) + "], but they do not");
  const moelora_device &device = run.layer->program.device;
  if (run.on || !device.null_is_done || !device.host_visible)
    return;
  const auto *ids = static_cast<const int32_t *>(slots->data);
  int64_t stride = slots->stride[0] ? slots->stride[0] : 1;
  for (int64_t t = 0; t < run.tokens; ++t)
    if (!agrees(ids[t * stride], run.step->number[t], run.step->index_bits))
      fail("expects the ids that the step has resolved, but that of token " +
           std::to_string(t) + " is another one");
}

void giveOperands(const Operands &operands, int32_t entry, LayerRun &run) {
  const moelora_bound_layer &layer = *run.layer;
  for (size_t i = 0; i < layer.given.size(); ++i) {
    const moelora_bound_layer::Given &row = layer.given[i];
    run.given[i] = nullptr;
    run.pitch[i] = row.freeRows ? row.width : row.operand->stride[0];
    if (!(row.operand->entries >> entry & 1))
      continue;
    const moelora_memory &memory = operands.get(row.operand->role);
    Dims strides = checkMemory(*row.operand, memory, run.tokens, layer.program);
    run.given[i] = memory.data;
    if (row.freeRows)
      run.pitch[i] = strides[0];
  }
}

void call(const moelora_call_context &context, int64_t number, const char *name,
          const Operands &operands) {
  const moelora_bound_layer &layer = layerOf(context, number, name);
  moelora_run run = readRun(context.run);
  run.entry = entryOf(layer);
  run.tokens = operands.get(MOELORA_HIDDEN).shape[0];
  LayerRun prepared = prepareRun(layer, run);
  checkTables(layer, operands);
  giveOperands(operands, run.entry, prepared);
  checkSlots(prepared, operands);
  if (run.tokens > 0 || layer.group) // peer ranks may have tokens
    startRun(prepared);
}

} // namespace

moelora_status moelora_call(moelora_call_context *context, int64_t number,
                            const char *name, uint32_t operands,
                            const moelora_memory *operand) {
  if (!context)
    return MOELORA_INVALID;
  if (context->status == MOELORA_OK)
    context->status = guarded(&context->error, [&] {
      call(*context, number, name, Operands(operands, operand));
    });
  return static_cast<moelora_status>(context->status);
}
