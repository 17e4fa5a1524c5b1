// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Run.h"
#include "Compile.h"
#include "moelora/runtime/Run.h"

namespace moelora::differential {
namespace {

// NaN in every element type.
constexpr char poison = char(0xff);

/// Memory with the alignment of vectors, initialised with NaN.
class Workspace {
public:
  explicit Workspace(uint64_t size)
      : size(size), memory(size + alignment, poison) {}
  uint64_t bytes() const { return size; }
  void *data() {
    auto address = reinterpret_cast<uintptr_t>(memory.data());
    return memory.data() + (alignment - address % alignment) % alignment;
  }

private:
  static constexpr uint64_t alignment = 256;
  uint64_t size;
  Bytes memory;
};

/// Ends with the scope, whatever became of it.
struct Bound {
  moelora_program *program = nullptr;
  moelora_bound_layer *layer = nullptr;
  ~Bound() {
    moelora_layer_unbind(layer, nullptr);
    moelora_program_destroy(program, nullptr);
  }
};

} // namespace

Runner::Runner(const Case &c, const Data &data,
               const moelora_artifact *artifact)
    : c(c), data(data), artifact(artifact),
      variant(*moelora_artifact_variant(artifact, "cpu")) {}

Bytes Runner::makeOutput() const {
  return Bytes(shapeOf(c.layer, MOELORA_OUTPUT, c.tokens).bytes() + 1, poison);
}

void Runner::checkEnd(const Bytes &output, std::string &failure) const {
  if (output.back() != poison)
    failure = "the run writes past its output";
}

Bytes Runner::callEntry(moelora_pool *pool, std::string &failure) const {
  moelora_services services = {};
  moelora_services_init(pool, &services);
  Bytes output = makeOutput();
  std::vector<void *> operands(variant.operands);
  for (uint32_t row = 0; row < variant.operands; ++row) {
    auto role = moelora_role(variant.operand[row].role);
    // Operands that the entry point does not read are omitted.
    if (variant.operand[row].entries >> c.entry & 1)
      operands[row] = role == MOELORA_OUTPUT
                          ? output.data()
                          : const_cast<void *>(data.operand(role));
  }
  moelora_run_stats stats = {};
  uint64_t ticket = 1;
  moelora_step_view step = {
      &ticket, data.directory().data(),  data.numbers().data(),
      &stats,  int32_t(c.options.slots), 16};
  Workspace workspace(variant.workspace(c.entry, c.tokens, services.workers));
  moelora_run_args args = {};
  args.size = sizeof(args);
  args.abi = MOELORA_ABI_VERSION;
  args.layer = Pages::layer;
  args.tokens = c.tokens;
  args.operand = operands.data();
  args.workspace = workspace.data();
  args.workspace_bytes = workspace.bytes();
  args.step = c.options.slots > 0 ? &step : nullptr;
  args.services = &services;
  args.stats = &stats;
  for (uint32_t i = 0; i < variant.entries; ++i)
    if (variant.entry[i].kind == c.entry)
      if (int32_t status = variant.entry[i].run(&args))
        failure = "the entry point has status " + std::to_string(status);
  checkEnd(output, failure);
  return output;
}

/// All that is bound. What this entry point does not read is NaN.
std::vector<moelora_memory> Runner::weights(std::deque<Bytes> &unread) const {
  std::vector<moelora_memory> all;
  for (uint32_t row = 0; row < variant.operands; ++row) {
    const moelora_operand &operand = variant.operand[row];
    if (operand.role < MOELORA_ROUTER_WEIGHT || operand.role == MOELORA_OUTPUT)
      continue;
    moelora_memory memory = {};
    memory.size = sizeof(memory);
    memory.role = operand.role;
    memory.dtype = operand.dtype;
    memory.dims = operand.dims;
    std::copy_n(operand.shape, operand.dims, memory.shape);
    auto role = moelora_role(operand.role);
    memory.data = const_cast<void *>(data.operand(role));
    if (!memory.data)
      memory.data =
          unread.emplace_back(shapeOf(c.layer, role, 0).bytes() + 1, poison)
              .data();
    all.push_back(memory);
  }
  return all;
}

Bytes Runner::runBound(moelora_pool *pool, std::string &failure) const {
  moelora_services services = {};
  moelora_services_init(pool, &services);
  Bytes output = makeOutput();
  std::deque<Bytes> unread;
  std::vector<moelora_memory> memory = weights(unread);
  moelora_binding binding = {};
  binding.size = sizeof(binding);
  binding.layer = Pages::layer;
  binding.weights = uint32_t(memory.size());
  binding.weight = memory.data();
  moelora_error *error = nullptr;
  Bound bound;
  bool made =
      moelora_program_create(artifact, "cpu", moelora_device_cpu(), &services,
                             &bound.program, &error) == MOELORA_OK &&
      moelora_layer_bind(bound.program, &binding, &bound.layer, &error) ==
          MOELORA_OK;
  Workspace workspace(
      made ? moelora_layer_workspace(bound.layer, c.entry, c.tokens) : 0);
  moelora_run_stats stats = {};
  auto input = [&](moelora_role role) { return data.operand(role); };
  moelora_run run = {};
  run.size = sizeof(run);
  run.entry = c.entry;
  run.tokens = c.tokens;
  run.hidden = input(MOELORA_HIDDEN);
  run.router_hidden = input(MOELORA_ROUTER_HIDDEN);
  run.output = output.data();
  run.logits = static_cast<const float *>(input(MOELORA_ROUTER_LOGITS));
  run.weights = static_cast<const float *>(input(MOELORA_EXPERT_WEIGHTS));
  run.expert_ids = static_cast<const int32_t *>(input(MOELORA_EXPERT_IDS));
  run.token_ids = static_cast<const int32_t *>(input(MOELORA_TOKEN_IDS));
  run.workspace = workspace.data();
  run.workspace_bytes = workspace.bytes();
  run.stats = &stats;
  if (!made || moelora_layer_run(bound.layer, &run, &error) != MOELORA_OK)
    failure = "the run fails: " + textOf(error);
  checkEnd(output, failure);
  return output;
}

} // namespace moelora::differential
