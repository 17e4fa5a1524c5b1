// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime's loader knows fewer adapters than code must: so a slot table
// publishes adapters of zeros, which ids resolve to, and each step is given the
// words of other images instead.

#include "Run.h"
#include "Slots.h"

namespace moelora::differential {

Batch::Batch(const Case &c, const Data &data)
    : tokens(c.tokens), slotIds(data.slotIds()) {
  for (int role = 0; role < MOELORA_ROLES; ++role)
    operand[role] = data.operand(moelora_role(role));
}

host::DeviceHandle openDevice(const Case &c, Target target) {
  return host::openDevice(target == Target::Cpu
                              ? "cpu"
                              : c.emulator + ",fill=" + std::to_string(c.fill));
}

static moelora_program *load(const moelora_artifact &artifact,
                             const moelora_device &device,
                             const moelora_services &services) {
  moelora_program *made = nullptr;
  const char *any = nullptr;
  host::call(moelora_program_create, &artifact, any, &device, &services, &made);
  return made;
}

Runner::Runner(const Case &c, const Data &data,
               const moelora_artifact &artifact, const moelora_device &device,
               const moelora_services &services)
    : c(c), device(device), program(load(artifact, device, services)),
      variant(*moelora_program_variant(program.get())) {
  if (c.options.slots > 0)
    publish(data);
  bind(data);
  // Aligned, and not null where nothing is needed.
  constexpr size_t alignment = 256;
  room.assign(moelora_layer_workspace(layer.get(), c.entry, c.tokens) +
                  alignment,
              char(c.fill));
  auto address = reinterpret_cast<uintptr_t>(room.data());
  size_t skipped = (alignment - address % alignment) % alignment;
  workspace = {device, room.data() + skipped, room.size() - alignment};
  stats = {device, &counted, sizeof counted};
}

host::OnDevice Runner::place(const void *data, uint64_t bytes) {
  // What a run reads is not copied back.
  host::OnDevice placed(device, const_cast<void *>(data), bytes);
  placed.toDevice();
  return placed;
}

void Runner::publish(const Data &data) {
  table = publishZeros(c, data, variant.adapters, device);
  const auto &adapters = data.problem().adapters;
  words.resize(adapters.size());
  images.resize(adapters.size());
  pages.resize(adapters.size());
  for (size_t slot = 0; slot < adapters.size(); ++slot)
    if (adapters[slot])
      replaceAdapter(int32_t(slot), *adapters[slot]);
}

void Runner::replaceAdapter(int32_t slot, const reference::Adapter &adapter) {
  auto i = size_t(slot);
  auto image =
      std::make_unique<Pages>(adapter, moelora_dtype(c.layer.dtype),
                              moelora_page_order(variant.adapters.page_order));
  images[i] = place(image->data(), image->bytes().size());
  pages[i] = std::move(image);
  words[i] =
      reinterpret_cast<uintptr_t>(images[i].get()) / MOELORA_WORD_ADDRESS_UNIT;
}

moelora_run_stats Runner::idCounters() const {
  auto stats = host::sized<moelora_slot_table_stats>();
  host::call(moelora_slot_table_read_stats, table.get(), &stats);
  return stats.runs;
}

/// All that is bound. What this entry point does not read is NaN in every
/// element type.
void Runner::bind(const Data &data) {
  constexpr char NaN = char(0xff);
  std::vector<moelora_memory> all;
  for (uint32_t row = 0; row < variant.operands; ++row) {
    const moelora_operand &operand = variant.operand[row];
    auto role = moelora_role(operand.role);
    if (role < MOELORA_ROUTER_WEIGHT || role == MOELORA_OUTPUT)
      continue;
    auto memory = host::sized<moelora_memory>();
    memory.role = role;
    memory.dtype = operand.dtype;
    memory.dims = operand.dims;
    std::copy_n(operand.shape, operand.dims, memory.shape);
    uint64_t bytes = shapeOf(c.layer, role, 0).bytes();
    const void *from = data.operand(role);
    if (!from)
      from = unread.emplace_back(bytes + 1, NaN).data();
    memory.data = weights.emplace_back(place(from, bytes)).get();
    all.push_back(memory);
  }
  auto binding = host::sized<moelora_binding>();
  binding.layer = Pages::layer;
  binding.weights = uint32_t(all.size());
  binding.weight = all.data();
  binding.table = table.get();
  moelora_bound_layer *bound = nullptr;
  host::call(moelora_layer_bind, program.get(), &binding, &bound);
  layer.reset(bound);
}

/// The memory of a step is const for layers.
void Runner::copy(const void *to, const void *from, size_t bytes) {
  moelora_stream *none = nullptr;
  host::call(device.copy, device.context, none, const_cast<void *>(to), from,
             uint64_t(bytes));
}

/// The ids of a batch, and replaces what they resolve to.
void Runner::resolve(host::Step &step, const Batch &batch,
                     const int32_t *validTokens) {
  const moelora_step_view &view = *moelora_step_view_of(step.get());
  const uint64_t none = 0;
  if (batch.isOutside)
    copy(view.ticket, &none, sizeof none);
  step.resolve(validTokens);
  size_t numbers = size_t(batch.tokens) * sizeof(int32_t);
  size_t all = batch.isOutside ? words.size() * sizeof(uint64_t) : 0;
  numbersAndWords.resize(numbers + all);
  copy(numbersAndWords.data(), view.number, numbers);
  copy(numbersAndWords.data() + numbers, view.word, all);
  copy(view.word, words.data(), words.size() * sizeof(uint64_t));
  if (!batch.numbers.empty())
    copy(view.number, batch.numbers.data(),
         batch.numbers.size() * sizeof(int32_t));
  host::finish(device);
}

moelora_run Runner::describe(const Batch &batch,
                             std::deque<host::OnDevice> &inputs) {
  auto at = [&](moelora_role role) -> const void * {
    const void *from = batch.operand[role];
    uint64_t bytes = shapeOf(c.layer, role, batch.tokens).bytes();
    return from ? inputs.emplace_back(place(from, bytes)).get() : nullptr;
  };
  auto run = host::sized<moelora_run>();
  run.entry = c.entry;
  run.tokens = batch.tokens;
  run.hidden = at(MOELORA_HIDDEN);
  run.router_hidden = at(MOELORA_ROUTER_HIDDEN);
  run.logits = static_cast<const float *>(at(MOELORA_ROUTER_LOGITS));
  run.weights = static_cast<const float *>(at(MOELORA_EXPERT_WEIGHTS));
  run.expert_ids = static_cast<const int32_t *>(at(MOELORA_EXPERT_IDS));
  run.token_ids = static_cast<const int32_t *>(at(MOELORA_TOKEN_IDS));
  if (batch.validTokens)
    run.valid_tokens =
        inputs.emplace_back(place(&*batch.validTokens, sizeof(int32_t)))
            .get<int32_t>();
  run.workspace = workspace.get();
  run.workspace_bytes =
      moelora_layer_workspace(layer.get(), c.entry, batch.tokens);
  run.stats = stats.get<moelora_run_stats>();
  return run;
}

Bytes Runner::run(const Batch &batch) {
  // One byte more, which shows writes beyond the end where nothing else does.
  Bytes output(shapeOf(c.layer, MOELORA_OUTPUT, batch.tokens).bytes() + 1,
               char(c.fill));
  host::OnDevice placed(device, output.data(), output.size() - 1);
  placed.toDevice();
  counted = {};
  stats.toDevice();
  std::deque<host::OnDevice> inputs;
  moelora_run run = describe(batch, inputs);
  host::Step step(batch.inStep ? table.get() : nullptr, batch.slotIds, device,
                  program.get());
  if (step.get())
    resolve(step, batch, run.valid_tokens);
  run.step = step.get();
  run.output = placed.get();
  host::call(moelora_layer_run, layer.get(), &run);
  host::finish(device);
  placed.toHost();
  stats.toHost();
  if (output.back() != char(c.fill))
    throw host::Error("the run writes past its output");
  return output;
}

} // namespace moelora::differential
