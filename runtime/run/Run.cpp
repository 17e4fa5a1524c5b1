// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run of a compiled layer, checked.

#include "base/Failure.h"

#include "moelora/runtime/Artifact.h"

#include <algorithm>
#include <limits>

using namespace moelora;

namespace {

constexpr const char *RoleNames[MOELORA_ROLES] = {
    "hidden",
    "slots",
    "token_ids",
    "router_hidden",
    "router_logits",
    "expert_ids",
    "expert_weights",
    "router weight",
    "router bias",
    "selection bias",
    "gate_up weight",
    "gate_up bias",
    "down weight",
    "down bias",
    "shared gate_up weight",
    "shared down weight",
    "shared score weight",
    "token table",
    "expert scale",
    "router norm weight",
    "latent_in weight",
    "latent_in bias",
    "latent_out weight",
    "latent_out bias",
    "shared gate_up bias",
    "shared down bias",
    "output norm weight",
};

constexpr uint32_t bit(moelora_role role) { return 1u << role; }

/// What a given routing replaces, and by what.
constexpr uint32_t LogitsReplace =
    bit(MOELORA_ROUTER_HIDDEN) | bit(MOELORA_ROUTER_WEIGHT) |
    bit(MOELORA_ROUTER_BIAS) | bit(MOELORA_ROUTER_NORM_WEIGHT);
constexpr uint32_t IdsReplace =
    LogitsReplace | bit(MOELORA_ROUTER_LOGITS) | bit(MOELORA_TOKEN_IDS) |
    bit(MOELORA_TOKEN_TABLE) | bit(MOELORA_SELECTION_BIAS) |
    bit(MOELORA_EXPERT_SCALE);

/// Workspaces hold vectors of the widest registers.
constexpr uintptr_t WorkspaceAlignment = 64;

std::string text(uint64_t number) { return std::to_string(number); }

int64_t slices(const moelora_activation &activation) {
  return activation.gated ? 2 : 1;
}

/// Elements of what a token brings.
int64_t perToken(const moelora_layer &layer, moelora_role role) {
  switch (role) {
  case MOELORA_HIDDEN:
  case MOELORA_ROUTER_HIDDEN:
    return layer.hidden;
  case MOELORA_SLOTS:
  case MOELORA_TOKEN_IDS:
    return 1;
  case MOELORA_ROUTER_LOGITS:
    return layer.router.experts;
  case MOELORA_EXPERT_IDS:
  case MOELORA_EXPERT_WEIGHTS:
    return layer.router.top_k;
  default:
    return 0;
  }
}

/// Elements of what routing reads.
int64_t ofRouter(const moelora_layer &layer, moelora_role role) {
  const moelora_router &router = layer.router;
  switch (role) {
  case MOELORA_ROUTER_WEIGHT:
    return router.experts * layer.hidden;
  case MOELORA_ROUTER_BIAS:
  case MOELORA_EXPERT_SCALE:
    return router.experts;
  case MOELORA_SELECTION_BIAS:
    return router.experts - router.always;
  case MOELORA_TOKEN_TABLE:
    return int64_t(router.table_rows) * router.top_k;
  case MOELORA_ROUTER_NORM_WEIGHT:
    return layer.hidden;
  default:
    return 0;
  }
}

/// Elements of what the routed experts and their latent projections read.
int64_t ofExperts(const moelora_layer &layer, moelora_role role) {
  int64_t experts = layer.router.experts - layer.zero_experts;
  int64_t width = layer.latent ? layer.latent : layer.hidden;
  int64_t gateUp = experts * slices(layer.activation) * layer.intermediate;
  switch (role) {
  case MOELORA_GATE_UP_WEIGHT:
    return gateUp * width;
  case MOELORA_GATE_UP_BIAS:
    return gateUp;
  case MOELORA_DOWN_WEIGHT:
    return experts * width * layer.intermediate;
  case MOELORA_DOWN_BIAS:
    return experts * width;
  case MOELORA_LATENT_IN_WEIGHT:
  case MOELORA_LATENT_OUT_WEIGHT:
    return layer.latent * layer.hidden;
  case MOELORA_LATENT_IN_BIAS:
    return layer.latent;
  case MOELORA_LATENT_OUT_BIAS:
    return layer.latent ? layer.hidden : 0;
  case MOELORA_OUTPUT_NORM_WEIGHT:
    return layer.hidden;
  default:
    return 0;
  }
}

/// Elements of what the shared expert reads.
int64_t ofShared(const moelora_layer &layer, moelora_role role) {
  int64_t gateUp = slices(layer.shared_activation) * layer.shared;
  switch (role) {
  case MOELORA_SHARED_GATE_UP_WEIGHT:
    return gateUp * layer.hidden;
  case MOELORA_SHARED_GATE_UP_BIAS:
    return gateUp;
  case MOELORA_SHARED_DOWN_WEIGHT:
    return layer.hidden * layer.shared;
  case MOELORA_SHARED_DOWN_BIAS:
    return layer.shared ? layer.hidden : 0;
  case MOELORA_SHARED_SCORE_WEIGHT:
    return layer.shared && layer.shared_score ? layer.hidden : 0;
  default:
    return 0;
  }
}

/// Every product fits, see moelora_artifact_check. A role is known to one.
int64_t elementsOf(const moelora_layer &layer, moelora_role role,
                   int64_t tokens) {
  return tokens * perToken(layer, role) + ofRouter(layer, role) +
         ofExperts(layer, role) + ofShared(layer, role);
}

int32_t dtypeOf(const moelora_layer &layer, moelora_role role) {
  switch (role) {
  case MOELORA_SLOTS:
  case MOELORA_TOKEN_IDS:
  case MOELORA_EXPERT_IDS:
  case MOELORA_TOKEN_TABLE:
    return MOELORA_I32;
  case MOELORA_ROUTER_WEIGHT:
    return layer.router_dtype;
  case MOELORA_HIDDEN:
  case MOELORA_ROUTER_HIDDEN:
  case MOELORA_GATE_UP_WEIGHT:
  case MOELORA_DOWN_WEIGHT:
  case MOELORA_LATENT_IN_WEIGHT:
  case MOELORA_LATENT_OUT_WEIGHT:
  case MOELORA_SHARED_GATE_UP_WEIGHT:
  case MOELORA_SHARED_DOWN_WEIGHT:
  case MOELORA_SHARED_SCORE_WEIGHT:
    return layer.dtype;
  default:
    return MOELORA_F32; // biases, scales and what routing passes on
  }
}

void checkBuffer(const char *name, const moelora_buffer &found,
                 const moelora_buffer &needed) {
  if (found.dtype != needed.dtype) {
    const char *type = moelora_dtype_name(found.dtype);
    fail(std::string("expects ") + name + " to have type " +
         moelora_dtype_name(needed.dtype) + ", but it has " +
         (type ? type : "none"));
  }
  if (found.bytes != needed.bytes)
    fail(std::string("expects ") + name + " to have " + text(needed.bytes) +
         " bytes, but it has " + text(found.bytes));
  if (!found.data && needed.bytes)
    fail(std::string("expects ") + name + ", but its address is null");
}

void checkOperands(const moelora_artifact &artifact,
                   const moelora_layer_call &call) {
  uint32_t read = moelora_entry_operands(&artifact, moelora_entry(call.entry));
  for (int role = 0; role < MOELORA_ROLES; ++role)
    if (read & bit(moelora_role(role)))
      checkBuffer(RoleNames[role], call.operand[role],
                  moelora_operand_needs(&artifact.layer, moelora_role(role),
                                        call.tokens));
  moelora_buffer output = {call.output, call.output_bytes, artifact.layer.dtype,
                           0};
  checkBuffer(
      "output", output,
      moelora_operand_needs(&artifact.layer, MOELORA_HIDDEN, call.tokens));
}

void checkTokens(const moelora_artifact &artifact, int64_t tokens) {
  int64_t most = std::numeric_limits<int32_t>::max() /
                 std::max(artifact.layer.router.top_k, 1);
  if (tokens < 0 || tokens > most)
    fail("expects the number of tokens to be in [0, " + text(uint64_t(most)) +
         "], but it is " + std::to_string(tokens));
}

void checkServices(const moelora_layer_call &call) {
  const moelora_services *services = call.services;
  if (!services || !call.stats)
    fail("expects services and stats, but one of them is null");
  if (services->struct_size != sizeof(moelora_services) ||
      services->abi_version != MOELORA_ABI_VERSION)
    fail("expects services of version " + text(MOELORA_ABI_VERSION) + " and " +
             text(sizeof(moelora_services)) + " bytes, but they have version " +
             text(services->abi_version) + " and " +
             text(services->struct_size) + " bytes",
         MOELORA_UNSUPPORTED);
  if (services->workers < 1 || !services->parallel_for ||
      !services->resolve_slots || !services->route ||
      !services->identity_weights || !services->plan)
    fail("expects services to be complete, but a function or the number of "
         "workers is missing");
}

void checkWorkspace(const moelora_artifact &artifact,
                    const moelora_layer_call &call) {
  uint64_t needed =
      artifact.workspace_bytes(call.tokens, call.services->workers);
  if (call.workspace_bytes < needed || (needed && !call.workspace))
    fail("expects a workspace of " + text(needed) + " bytes, but it has " +
         text(call.workspace ? call.workspace_bytes : 0));
  if (reinterpret_cast<uintptr_t>(call.workspace) % WorkspaceAlignment)
    fail("expects the workspace to be aligned to " + text(WorkspaceAlignment) +
         " bytes, but it is not");
}

void checkDirectory(const moelora_artifact &artifact,
                    const moelora_directory *directory) {
  if (!directory)
    return;
  if (directory->slots > artifact.slots)
    fail("expects at most the " + std::to_string(artifact.slots) +
         " slots of the compiled layer, but the slot table has " +
         std::to_string(directory->slots));
  if (directory->slots < 0 || (directory->slots && !directory->entry))
    fail("expects a slot table's directory, but it is incomplete");
}

moelora_run entryOf(const moelora_artifact &artifact, int32_t entry) {
  if (entry < MOELORA_ENTRY_ALL || entry > MOELORA_ENTRY_IDS)
    fail("expects an entry point in [0, 2], but it is " +
         std::to_string(entry));
  const moelora_run runs[] = {artifact.run, artifact.run_from_logits,
                              artifact.run_from_ids};
  const char *const gives[] = {"computes the router's logits",
                               "routes from given logits", "takes expert ids"};
  if (!runs[entry])
    fail(std::string("expects a compiled layer that ") + gives[entry] +
         ", but " + artifact.name + " does not");
  return runs[entry];
}

moelora_run_args argsOf(const moelora_layer_call &call) {
  moelora_run_args args = {};
  args.struct_size = sizeof(moelora_run_args);
  args.abi_version = MOELORA_ABI_VERSION;
  args.tokens = call.tokens;
  for (int role = 0; role < MOELORA_ROLES; ++role)
    args.operand[role] = call.operand[role].data;
  args.output = call.output;
  args.workspace = call.workspace;
  args.workspace_bytes = call.workspace_bytes;
  args.directory = call.directory;
  args.services = call.services;
  args.stats = call.stats;
  return args;
}

void explain(int32_t status) {
  switch (status) {
  case MOELORA_RUN_OK:
    return;
  case MOELORA_RUN_MISSING_OPERAND:
    fail("the compiled layer misses an operand");
  case MOELORA_RUN_SMALL_WORKSPACE:
    fail("the compiled layer refuses the workspace as too small");
  case MOELORA_RUN_ABI_MISMATCH:
    fail("the compiled layer has another version of the ABI",
         MOELORA_UNSUPPORTED);
  }
  fail("the compiled layer answers unknown status " + std::to_string(status));
}

} // namespace

moelora_buffer moelora_operand_needs(const moelora_layer *layer,
                                     moelora_role role, int64_t tokens) {
  int32_t dtype = dtypeOf(*layer, role);
  uint64_t bytes =
      uint64_t(elementsOf(*layer, role, tokens)) * moelora_dtype_bytes(dtype);
  return {nullptr, bytes, dtype, 0};
}

uint32_t moelora_entry_operands(const moelora_artifact *artifact,
                                moelora_entry entry) {
  uint32_t all = artifact->operands;
  if (entry == MOELORA_ENTRY_LOGITS)
    return (all & ~LogitsReplace) | bit(MOELORA_ROUTER_LOGITS);
  if (entry == MOELORA_ENTRY_IDS)
    return (all & ~IdsReplace) | bit(MOELORA_EXPERT_IDS) |
           bit(MOELORA_EXPERT_WEIGHTS);
  return all;
}

moelora_status moelora_layer_run(const moelora_artifact *artifact,
                                 const moelora_layer_call *call,
                                 moelora_error **error) {
  return guarded(error, [&] {
    moelora_run run = entryOf(*artifact, call->entry);
    checkTokens(*artifact, call->tokens);
    checkServices(*call);
    checkOperands(*artifact, *call);
    checkDirectory(*artifact, call->directory);
    checkWorkspace(*artifact, *call);
    moelora_run_args args = argsOf(*call);
    explain(run(&args));
  });
}
