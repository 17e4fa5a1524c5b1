/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs bound layers. What was checked when the layer was bound is not checked
 * again.
 */
#include "run/Run.h"

#include "base/Log.h"
#include "base/Sized.h"
#include "collectives/GroupState.h"
#include "run/Launch.h"
#include "slots/StepState.h"

#include <algorithm>
#include <cstring>

using namespace moelora;

namespace {

/// The alignment of workspaces, which no variant exceeds.
constexpr uintptr_t workspaceAlignment = 256;

/// The size of the struct in the first version.
constexpr uint32_t leastRun = MOELORA_SIZE_THROUGH(moelora_run, stats);

/// Calls generated code. Does not allocate: the rows are on the stack.
int32_t execute(const LayerRun &run) {
  const moelora_bound_layer &layer = *run.layer;
  void *operands[mostOperands];
  std::copy(layer.operands.begin(), layer.operands.end(), operands);
  const int64_t *strides[mostOperands];
  std::copy(layer.strides.begin(), layer.strides.end(), strides);
  int64_t rows[mostGiven][2];
  for (size_t i = 0; i < layer.given.size(); ++i) {
    operands[layer.given[i].row] = run.given[i];
    rows[i][0] = run.pitch[i];
    rows[i][1] = 1;
    if (!layer.strides.empty() && strides[layer.given[i].row])
      strides[layer.given[i].row] = rows[i];
  }
  moelora_run_args args = {};
  args.size = sizeof args;
  args.abi = MOELORA_ABI_VERSION;
  args.layer = layer.layer;
  args.tokens = run.tokens;
  args.operand = operands;
  args.stride = layer.strides.empty() ? nullptr : strides;
  args.workspace = run.workspace;
  args.workspace_bytes = run.workspaceBytes;
  args.step = run.step;
  args.valid_tokens = run.validTokens;
  args.services = &layer.program.services;
  args.kernels = layer.program.kernels.data();
  args.on = run.on;
  args.stats = run.stats;
  args.group = layer.group ? &layer.group->view : nullptr;
  args.peer_numbers = run.peerNumbers;
  return run.run(&args);
}

const moelora_entry &entryOf(const moelora_bound_layer &layer, int32_t kind) {
  constexpr int32_t last = MOELORA_ENTRY_IDS;
  if (kind < 0 || kind > last)
    fail("expects an entry point in [0, " + std::to_string(last) +
         "], but it is " + std::to_string(kind));
  static const char *const gives[] = {"computes the router's logits",
                                      "routes from given logits",
                                      "takes expert ids"};
  if (!layer.entries[kind])
    fail(std::string("expects a compiled layer that ") + gives[kind] +
         ", but " + layer.program.artifact.name + " does not");
  return *layer.entries[kind];
}

void checkTokens(const moelora_bound_layer &layer, int64_t tokens) {
  if (tokens < 0 || tokens > layer.mostTokens)
    fail("expects the number of tokens to be in [0, " +
         std::to_string(layer.mostTokens) + "], but it is " +
         std::to_string(tokens));
}

/// The operand that a run provides for a role.
void *givenFor(const moelora_run &run, int32_t role) {
  const void *data = nullptr;
  switch (role) {
  case MOELORA_HIDDEN:
    data = run.hidden;
    break;
  case MOELORA_ROUTER_HIDDEN:
    data = run.router_hidden;
    break;
  case MOELORA_ROUTER_LOGITS:
    data = run.logits;
    break;
  case MOELORA_EXPERT_WEIGHTS:
    data = run.weights;
    break;
  case MOELORA_EXPERT_IDS:
    data = run.expert_ids;
    break;
  case MOELORA_TOKEN_IDS:
    data = run.token_ids;
    break;
  default:
    data = run.output;
  }
  return const_cast<void *>(data); // operands that are read are not written
}

int64_t pitchOf(const moelora_run &run, const moelora_bound_layer::Given &row) {
  int32_t role = row.operand->role;
  int64_t pitch = role == MOELORA_HIDDEN   ? run.pitch[0]
                  : role == MOELORA_OUTPUT ? run.pitch[1]
                                           : 0;
  if (pitch == 0 || pitch == row.width)
    return row.freeRows ? row.width : row.operand->stride[0];
  if (!row.freeRows || pitch < row.width)
    fail(std::string("expects rows of ") + roleName(role) + " to lie " +
         (row.freeRows ? "at least " : "") + std::to_string(row.width) +
         " elements apart, but they lie " + std::to_string(pitch) + " apart");
  return pitch;
}

/// Checks that an operand is aligned, and present if the entry point reads it.
void checkGiven(const moelora_bound_layer::Given &row, const void *data,
                bool read) {
  if (read && !data)
    fail(std::string("expects ") + roleName(row.operand->role) +
         ", but its address is null");
  if (reinterpret_cast<uintptr_t>(data) % row.operand->align)
    fail(std::string("expects the address of ") + roleName(row.operand->role) +
         " to be a multiple of " + std::to_string(row.operand->align) +
         ", but it is not");
}

void giveOperands(const moelora_run &run, LayerRun &to) {
  const moelora_bound_layer &layer = *to.layer;
  for (size_t i = 0; i < layer.given.size(); ++i) {
    const moelora_bound_layer::Given &row = layer.given[i];
    void *data = givenFor(run, row.operand->role);
    checkGiven(row, data,
               run.tokens > 0 && (row.operand->entries >> run.entry & 1));
    to.given[i] = data;
    to.pitch[i] = pitchOf(run, row);
  }
}

/// The peer ranks run the same chunks only if all know the tokens of each.
void checkGroup(const moelora_group &group, int64_t tokens) {
  group.expectHealthy();
  int64_t known = group.tokens[size_t(group.transport.rank)];
  if (known != tokens)
    fail("expects as many tokens as the group knows of this peer rank, " +
         std::to_string(known) + ", but there are " + std::to_string(tokens));
}

/// The axes over which a layer gathers tokens.
uint32_t gatheredAxes(const moelora_bound_layer &layer) {
  uint32_t axes = 0;
  int32_t grid[MOELORA_AXES];
  moelora_variant_grid(&layer.program.variant, grid, &axes);
  return axes & ~uint32_t(MOELORA_AXIS_DP);
}

/// Peer ranks that exchange tokens need memory for those of all.
int64_t mostTokens(const moelora_bound_layer &layer, const moelora_run &run) {
  if (!layer.group || !gatheredAxes(layer))
    return run.tokens;
  const std::vector<int64_t> &tokens = layer.group->tokens;
  return *std::max_element(tokens.begin(), tokens.end());
}

void checkValidTokens(const moelora_bound_layer &layer,
                      const moelora_run &run) {
  if (run.valid_tokens && gatheredAxes(layer))
    fail("expects no valid_tokens, because the layer gathers the tokens of "
         "peer ranks, but there are some",
         MOELORA_UNSUPPORTED);
}

void checkWorkspace(const moelora_bound_layer &layer, const moelora_run &run) {
  uint64_t needed = layer.program.variant.workspace(
      run.entry, mostTokens(layer, run), layer.program.services.workers);
  uint64_t found = run.workspace ? run.workspace_bytes : 0;
  if (found < needed)
    fail("expects a workspace of " + std::to_string(needed) +
         " bytes, but it has " + std::to_string(found));
  if (reinterpret_cast<uintptr_t>(run.workspace) % workspaceAlignment)
    fail("expects the workspace to be aligned to " +
         std::to_string(workspaceAlignment) + " bytes, but it is not");
}

bool isCaptured(const moelora_device &device, moelora_stream *stream) {
  int32_t state = MOELORA_CAPTURE_NONE;
  uint64_t id = 0;
  call(device, &moelora_device::capture, stream, &state, &id);
  return state == MOELORA_CAPTURE_ACTIVE;
}

const moelora_step_view *viewOf(const moelora_bound_layer &layer,
                                const moelora_run &run) {
  const moelora_step *step = run.step;
  if (!step)
    return nullptr;
  if (&step->table != layer.table)
    fail(layer.table ? "expects a step of the slot table that the layer is "
                       "bound to, but it is of another one"
                     : "expects no step, as the layer is bound to no slot "
                       "table, but there is one");
  if (!step->entered && !isCaptured(layer.program.device, run.on))
    fail("expects a step that is entered, or is being recorded, but it is "
         "neither");
  if (step->tokens < run.tokens)
    fail("expects a step that is resolved for at least " +
         std::to_string(run.tokens) + " tokens, but it is for " +
         std::to_string(step->tokens));
  return moelora_step_view_of(step);
}

/// The numbers of the tokens of all peer ranks, or NULL.
const int32_t *peerNumbersOf(const moelora_bound_layer &layer,
                             const moelora_step &step) {
  uint32_t axes = gatheredAxes(layer);
  if (!layer.group || !axes)
    return nullptr;
  if (!step.peers || &step.peers->group != layer.group)
    fail("expects a step that has joined the group to which the layer is "
         "bound, because the layer gathers tokens, but it has joined " +
         std::string(step.peers ? "another one" : "none"));
  const Grid &grid = layer.group->grid;
  if (grid.effective(step.peers->axes) != axes)
    fail("expects a step that has joined over the axes that cut the tokens of "
         "the layer, " +
         std::to_string(axes) + ", but it has joined over " +
         std::to_string(grid.effective(step.peers->axes)));
  return step.peers->number.data();
}

void launch(const moelora_program &program, const LayerRun &run) {
  moelora_launch one = {};
  one.kernel = program.hostKernel;
  one.grid[0] = one.grid[1] = one.grid[2] = 1;
  one.block[0] = one.block[1] = one.block[2] = 1;
  one.parameter_bytes = sizeof run;
  one.parameters = &run;
  call(program.device, &moelora_device::launch, run.on, &one, uint32_t(1));
}

} // namespace

moelora_run moelora::readRun(const moelora_run *given) {
  moelora_run run = readSized(given, leastRun, "a run");
  if (run.flags || run.reserved)
    fail("expects the flags of a run to be 0, but they are " +
         std::to_string(run.flags ? run.flags : run.reserved));
  if (reinterpret_cast<uintptr_t>(run.stats) % alignof(moelora_run_stats) ||
      reinterpret_cast<uintptr_t>(run.valid_tokens) % alignof(int32_t))
    fail("expects the addresses of stats and valid_tokens to be aligned, but "
         "one is not");
  return run;
}

LayerRun moelora::prepareRun(const moelora_bound_layer &layer,
                             const moelora_run &run) {
  LayerRun prepared = {};
  prepared.layer = &layer;
  prepared.run = entryOf(layer, run.entry).run;
  checkTokens(layer, run.tokens);
  prepared.tokens = run.tokens;
  if (layer.group && layer.exchanges())
    checkGroup(*layer.group, run.tokens);
  checkValidTokens(layer, run);
  prepared.step = viewOf(layer, run);
  prepared.peerNumbers = run.step ? peerNumbersOf(layer, *run.step) : nullptr;
  prepared.validTokens = run.valid_tokens;
  prepared.on = run.on;
  prepared.stats = run.stats ? run.stats : layer.program.unread();
  checkWorkspace(layer, run);
  prepared.workspace = run.workspace;
  prepared.workspaceBytes = run.workspace_bytes;
  return prepared;
}

static_assert(sizeof(LayerRun) <= 4096, "what a launch can hold");

void moelora::runLayerKernel(const moelora_launch *launch) {
  LayerRun run;
  std::memcpy(&run, launch->parameters, sizeof run);
  // On a stream no caller can receive the status. Everything that could be
  // checked was checked.
  if (int32_t status = execute(run))
    tell(MOELORA_LOG_WARNING,
         (std::string("on a stream, the compiled layer ") +
          run.layer->program.artifact.name + " " + reasonOf(status))
             .c_str());
}

/// A run that fails in an exchange has the error of its group.
static void runNow(const LayerRun &run) {
  int32_t status = execute(run);
  if (status == MOELORA_RUN_COLLECTIVE && run.layer->group)
    run.layer->group->expectHealthy();
  expectRun(status);
}

void moelora::startRun(const LayerRun &run) {
  const moelora_program &program = run.layer->program;
  const moelora_device &device = program.device;
  bool now = !run.on && device.null_is_done && device.host_visible;
  if (program.isOfHost() && !now)
    launch(program, run);
  else
    runNow(run);
}

moelora_status moelora_layer_run(const moelora_bound_layer *layer,
                                 const moelora_run *run,
                                 moelora_error **error) {
  return guarded(error, [&] {
    if (!layer || !run)
      fail("expects a bound layer and a run, but one of them is null");
    if (layer->called)
      fail("expects a layer that is bound with its weights, but it was bound "
           "for calls");
    moelora_run read = readRun(run);
    LayerRun prepared = prepareRun(*layer, read);
    giveOperands(read, prepared);
    startRun(prepared);
  });
}
