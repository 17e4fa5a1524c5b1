/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A serving engine in one file, which shows all calls of moelora that it needs.
 *
 *     engine LAYER.so ALICE BOB CAROL
 *
 * A compiled layer with two slots runs a batch in which each token has the
 * adapter alice, bob, or none. Then alice is replaced while it is leased, bob
 * is disabled and evicted, and carol is loaded into its slot. After each change
 * the program checks the outputs of the tokens.
 *
 * The batch has the three rows of hidden states once for each tenant, so that
 * comparing rows of one batch shows the effect of an adapter.
 */
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Checkpoint.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/Run.h"
#include "moelora/runtime/SlotStats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 2, SLOTS = 2, TENANTS = 3, ROWS = 3, TOKENS = ROWS * TENANTS };

/* Work on NULL is done when a call returns. With a GPU this is the stream on
 * which the engine launches or replays its graphs. */
static moelora_stream *const stream = NULL;

/* ---- Errors -------------------------------------------------------------- */

static moelora_error *error;

static void must(moelora_status status, const char *what) {
  if (status == MOELORA_OK)
    return;
  fprintf(stderr, "error: %s: %s\n", what, moelora_error_text(error));
  exit(1);
}
#define MUST(call) must((call), #call)

/* FULL, BUSY, STALE and NOT_FOUND are results that an engine must handle. */
static void answers(moelora_status expected, moelora_status status,
                    const char *what) {
  if (status != expected) {
    fprintf(stderr, "error: %s: another answer: %d %s\n", what, (int)status,
            moelora_error_text(error));
    exit(1);
  }
  printf("%s: %s\n", what, moelora_error_text(error));
  moelora_error_free(error);
  error = NULL;
}

static void expect(int holds, const char *what) {
  printf("%s: %s\n", what, holds ? "yes" : "no");
  if (!holds)
    exit(1);
}

static void *allocate(uint64_t bytes) {
  void *memory = calloc(1, bytes ? (size_t)bytes : 1);
  if (!memory) {
    fprintf(stderr, "error: out of memory\n");
    exit(1);
  }
  return memory;
}

/* ---- The model ----------------------------------------------------------- */

/* The names of the modules of Qwen3-MoE. Every tensor of an adapter must bind
 * to one of these. Other tensors are an error or are listed as elsewhere. */
static const char *const block[] = {"mlp", NULL};
static const char *const experts[] = {"experts", NULL};
static const char *const gate[] = {"gate_proj", NULL};
static const char *const up[] = {"up_proj", NULL};
static const char *const down[] = {"down_proj", NULL};
static const char *const packed_gate_up[] = {"gate_up_proj", NULL};

static moelora_adapter_names names_of_the_family(void) {
  moelora_adapter_names names = {0};
  names.block = block;
  names.experts = experts;
  names.gate = gate;
  names.up = up;
  names.down = down;
  names.packed_gate_up = packed_gate_up;
  names.packed_down = down;
  return names;
}

enum { MOST_WEIGHTS = 32 };

struct engine {
  moelora_artifact_file *file;
  const moelora_artifact *artifact;
  const moelora_variant *variant;
  moelora_pool *pool;
  moelora_services services;
  moelora_slot_table *table;
  moelora_program *program;
  moelora_bound_layer *layer;
  moelora_step *step;
  moelora_adapter_names names;
  moelora_adapter_site site[LAYERS];
  moelora_adapter_target target;

  moelora_memory weight[MOST_WEIGHTS];
  uint32_t weights;
  moelora_run run;
  int32_t ids[TOKENS];
  char *hidden, *output, *workspace;
  uint64_t row; /* bytes of a token's hidden states */
};

/* All layers of this model are alike. */
static void describe_model(struct engine *e) {
  const moelora_layer *layer = e->artifact->layer;
  e->names = names_of_the_family();
  for (int32_t i = 0; i < LAYERS; ++i) {
    e->site[i].size = sizeof e->site[i];
    e->site[i].layer = i;
    e->site[i].experts = layer->router.experts;
    e->site[i].hidden = layer->hidden;
    e->site[i].intermediate = layer->intermediate;
    e->site[i].gated = layer->activation.gated;
    e->site[i].names = &e->names;
  }
  e->target.size = sizeof e->target;
  e->target.site = e->site;
  e->target.sites = e->target.layers = LAYERS;
}

/* ---- Setting up ---------------------------------------------------------- */

/* The compiled layer states the properties of its slot table. */
static void make_table(struct engine *e) {
  moelora_slot_table_options options = {0};
  options.size = sizeof options;
  options.slots = e->variant->adapters.slots;
  options.max_rank = e->variant->adapters.max_rank;
  options.dtype = e->variant->adapters.dtype;
  options.page_order = e->variant->adapters.page_order;
  options.shared_a = e->variant->adapters.shared_a;
  options.target = &e->target;
  MUST(moelora_slot_table_create(&options, &e->table, &error));
}

/* Signed numbers, in the type that the layer requires: f32 or bf16. */
static void fill(char *data, uint64_t bytes, int32_t dtype) {
  uint32_t state = 12345;
  uint64_t size = dtype == MOELORA_F32 ? 4 : 2;
  for (uint64_t at = 0; at < bytes; at += size) {
    state = state * 1664525u + 1013904223u;
    float value = ((float)(state >> 8) / (1 << 23) - 1) * 0.5f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t upper = (uint16_t)(bits >> 16); /* a bf16 */
    memcpy(data + at, size == 4 ? (void *)&bits : (void *)&upper, size);
  }
}

/* Memory for an operand of the variant, filled with numbers. */
static char *make_operand(const struct engine *e, int32_t row) {
  uint64_t bytes = moelora_variant_operand_bytes(e->variant, row, TOKENS);
  char *data = allocate(bytes);
  fill(data, bytes, e->variant->operand[row].dtype);
  return data;
}

/* Whether an operand is a weight. Runs provide the others. */
static int is_weight(int32_t role) {
  return role >= MOELORA_ROUTER_WEIGHT && role != MOELORA_OUTPUT;
}

/* The weights are generated here. An engine passes the addresses of its
 * weights. */
static void make_weights(struct engine *e) {
  for (uint32_t row = 0; row < e->variant->operands; ++row) {
    const moelora_operand *operand = &e->variant->operand[row];
    moelora_memory *weight = &e->weight[e->weights];
    if (!is_weight(operand->role) || e->weights == MOST_WEIGHTS)
      continue;
    weight->size = sizeof *weight;
    weight->role = operand->role;
    weight->part = operand->part;
    weight->dtype = operand->dtype;
    weight->dims = operand->dims;
    memcpy(weight->shape, operand->shape, sizeof operand->shape);
    weight->data = make_operand(e, (int32_t)row);
    ++e->weights;
  }
}

/* This checks the layer, its weights and its table, once. On a GPU, the step
 * resolves ids with the program. */
static void bind_layer(struct engine *e) {
  moelora_binding binding = {0};
  binding.size = sizeof binding;
  binding.layer = -1; /* the number that it was compiled for */
  binding.weights = e->weights;
  binding.weight = e->weight;
  binding.table = e->table;
  MUST(moelora_program_create(e->artifact, "cpu", moelora_device_cpu(),
                              &e->services, &e->program, &error));
  MUST(moelora_layer_bind(e->program, &binding, &e->layer, &error));
  MUST(moelora_step_create(e->table, e->program, TOKENS, &e->step, &error));
}

/* Tokens 3 r, 3 r + 1 and 3 r + 2 have row r of the hidden states. */
static void repeat_rows(char *hidden, uint64_t row) {
  for (uint64_t t = 0; t < TOKENS; ++t)
    memcpy(hidden + t * row, hidden + t / TENANTS * TENANTS * row, row);
}

static void prepare_run(struct engine *e) {
  const uint64_t alignment = 256;
  int32_t row = moelora_variant_operand(e->variant, MOELORA_HIDDEN, 0);
  e->hidden = make_operand(e, row);
  e->row = moelora_variant_operand_bytes(e->variant, row, TOKENS) / TOKENS;
  repeat_rows(e->hidden, e->row);
  e->output = allocate(TOKENS * e->row);
  e->run.size = sizeof e->run;
  e->run.entry = MOELORA_ENTRY_ALL;
  e->run.tokens = TOKENS;
  e->run.on = stream;
  e->run.step = e->step;
  e->run.hidden = e->hidden;
  e->run.output = e->output;
  e->run.workspace_bytes =
      moelora_layer_workspace(e->layer, MOELORA_ENTRY_ALL, TOKENS);
  e->workspace = allocate(e->run.workspace_bytes + alignment);
  uint64_t address = (uint64_t)e->workspace;
  e->run.workspace = e->workspace + (alignment - address % alignment);
}

static void set_up(struct engine *e, const char *path) {
  memset(e, 0, sizeof *e);
  MUST(moelora_artifact_load(path, &e->file, &error));
  e->artifact = moelora_artifact_of(e->file, 0);
  e->variant = moelora_artifact_variant(e->artifact, "cpu");
  MUST(moelora_pool_create(0, &e->pool, &error));
  moelora_services_init(e->pool, &e->services);
  describe_model(e);
  make_table(e);
  make_weights(e);
  bind_layer(e);
  prepare_run(e);
}

/* In the opposite order, because objects that are in use return BUSY. */
static void tear_down(struct engine *e) {
  MUST(moelora_step_destroy(e->step, &error));
  MUST(moelora_layer_unbind(e->layer, &error));
  MUST(moelora_program_destroy(e->program, &error));
  MUST(moelora_slot_table_destroy(e->table, &error));
  for (uint32_t i = 0; i < e->weights; ++i)
    free(e->weight[i].data);
  free(e->hidden);
  free(e->output);
  free(e->workspace);
  moelora_pool_destroy(e->pool);
  MUST(moelora_artifact_close(e->file, &error));
}

/* ---- Adapters come and go ------------------------------------------------ */

/* Loads an adapter from a folder into a slot, with all threads. Its files are
 * not needed afterwards. */
static int32_t load(struct engine *e, const char *name, const char *folder) {
  moelora_adapter *adapter;
  moelora_staging staging = {0};
  staging.size = sizeof staging;
  int32_t id;
  staging.services = &e->services;
  MUST(moelora_adapter_open(folder, &e->target, NULL, &adapter, &error));
  MUST(moelora_slot_table_assign(e->table, name, adapter, &staging, &id,
                                 &error));
  moelora_adapter_close(adapter);
  return id;
}

/* The text of a file, such as a trainer would send it. */
static char *read_text(const char *folder, const char *file) {
  const size_t most = 1 << 16;
  char *path = allocate(strlen(folder) + strlen(file) + 2);
  char *text = allocate(most);
  sprintf(path, "%s/%s", folder, file);
  FILE *input = fopen(path, "rb");
  if (!input || fread(text, 1, most - 1, input) == 0) {
    fprintf(stderr, "error: cannot read %s\n", path);
    exit(1);
  }
  fclose(input);
  free(path);
  return text;
}

/* Replaces the adapter `id` by that in `folder`, which is passed in memory. Its
 * leases stay valid, and later work on the stream reads the new weights. */
static void replace_from_memory(struct engine *e, int32_t id,
                                const char *folder) {
  moelora_checkpoint *checkpoint;
  MUST(moelora_checkpoint_open(folder, &checkpoint, &error));
  int64_t count = moelora_checkpoint_count(checkpoint);
  moelora_tensor_data *tensors = allocate((uint64_t)count * sizeof *tensors);
  void **data = allocate((uint64_t)count * sizeof *data);
  for (int64_t i = 0; i < count; ++i) {
    moelora_tensor tensor = {.size = sizeof tensor};
    MUST(moelora_checkpoint_tensor(checkpoint, i, &tensor));
    data[i] = allocate(tensor.bytes);
    MUST(moelora_checkpoint_read(checkpoint, i, 0, tensor.bytes, data[i],
                                 &error));
    tensors[i].name = tensor.name;
    tensors[i].dtype = tensor.dtype;
    tensors[i].dims = tensor.dims;
    memcpy(tensors[i].shape, tensor.shape, sizeof tensor.shape);
    tensors[i].data = data[i];
  }
  char *config = read_text(folder, "adapter_config.json");

  moelora_adapter *adapter;
  MUST(moelora_adapter_open_memory(config, tensors, count, &e->target, NULL,
                                   &adapter, &error));
  MUST(moelora_slot_table_replace(e->table, id, adapter, NULL, stream, &error));
  moelora_adapter_close(adapter);

  for (int64_t i = 0; i < count; ++i)
    free(data[i]);
  free(config);
  free(data);
  free(tensors);
  moelora_checkpoint_close(checkpoint);
}

/* The upper bits of an id are the generation of the slot. */
static int32_t slot_of(const struct engine *e, int32_t id) {
  return id & ((1 << moelora_step_view_of(e->step)->index_bits) - 1);
}

/* ---- Serving ------------------------------------------------------------- */

/* One forward pass. Token t belongs to tenant t % 3, and has its id. A model
 * runs all of its layers between resolve and leave. */
static void serve(struct engine *e, const int32_t id[TENANTS]) {
  for (int t = 0; t < TOKENS; ++t)
    e->ids[t] = id[t % TENANTS];
  MUST(moelora_step_enter(e->step, stream, &error));
  MUST(moelora_step_resolve(e->step, stream, e->ids, TOKENS, NULL, &error));
  MUST(moelora_layer_run(e->layer, &e->run, &error));
  MUST(moelora_step_leave(e->step, stream, &error));
}

/* Leases the adapters of the batch, runs it, and releases them. NULL is no
 * adapter. */
static void step(struct engine *e, const char *const name[TENANTS]) {
  moelora_lease lease[TENANTS];
  int32_t id[TENANTS];
  for (int i = 0; i < TENANTS; ++i) {
    id[i] = -1;
    if (!name[i])
      continue;
    MUST(moelora_slot_table_acquire(e->table, name[i], &lease[i], &error));
    id[i] = lease[i].id;
  }
  serve(e, id);
  for (int i = 0; i < TENANTS; ++i)
    if (name[i])
      MUST(moelora_slot_table_release(e->table, &lease[i], &error));
}

/* Whether two tenants have the same bits in each row. */
static int same(const struct engine *e, int left, int right) {
  for (int r = 0; r < ROWS; ++r)
    if (memcmp(e->output + (uint64_t)(r * TENANTS + left) * e->row,
               e->output + (uint64_t)(r * TENANTS + right) * e->row,
               (size_t)e->row))
      return 0;
  return 1;
}

/* Whether all tenants have different outputs. */
static int all_differ(const struct engine *e) {
  return !same(e, 0, 1) && !same(e, 0, 2) && !same(e, 1, 2);
}

/* If every slot is leased, loading another adapter returns FULL. */
static void ask_for_too_much(struct engine *e, const char *folder) {
  const char *const names[SLOTS] = {"alice", "carol"};
  moelora_lease lease[SLOTS];
  moelora_adapter *adapter;
  int32_t id;
  MUST(moelora_adapter_open(folder, &e->target, NULL, &adapter, &error));
  for (int i = 0; i < SLOTS; ++i)
    MUST(moelora_slot_table_acquire(e->table, names[i], &lease[i], &error));
  answers(
      MOELORA_FULL,
      moelora_slot_table_assign(e->table, "dave", adapter, NULL, &id, &error),
      "dave");
  for (int i = 0; i < SLOTS; ++i)
    MUST(moelora_slot_table_release(e->table, &lease[i], &error));
  moelora_adapter_close(adapter);
}

static void print_stats(struct engine *e) {
  moelora_slot_table_stats stats = {0};
  stats.size = sizeof stats;
  MUST(moelora_slot_table_read_stats(e->table, &stats, &error));
  printf("loads %d, replaced %d, removals %d, full %d, stale ids %d\n",
         (int)stats.loads, (int)stats.replaced, (int)stats.removals,
         (int)stats.full, (int)stats.runs.stale_slots);
}

int main(int count, char **arguments) {
  static struct engine e;
  if (count != 5) {
    fprintf(stderr, "usage: engine LAYER.so ALICE BOB CAROL\n");
    return 2;
  }
  set_up(&e, arguments[1]);
  int32_t alice = load(&e, "alice", arguments[2]);
  int32_t bob = load(&e, "bob", arguments[3]);
  const char *const first[TENANTS] = {NULL, "alice", "bob"};
  const char *const second[TENANTS] = {NULL, "alice", "carol"};

  step(&e, first);
  expect(all_differ(&e), "nobody, alice and bob differ");

  replace_from_memory(&e, alice, arguments[3]);
  step(&e, first);
  expect(same(&e, 1, 2) && !same(&e, 0, 1), "alice now answers as bob does");

  MUST(moelora_slot_table_enable(e.table, bob, 0, stream, &error));
  step(&e, first);
  expect(same(&e, 0, 2) && !same(&e, 0, 1), "bob is disabled, alice is not");

  MUST(moelora_slot_table_evict(e.table, bob, &error));
  int32_t carol = load(&e, "carol", arguments[4]);
  expect(slot_of(&e, carol) == slot_of(&e, bob) && carol != bob,
         "carol has the slot of bob and an id of her own");
  const int32_t outdated[TENANTS] = {-1, alice, bob};
  serve(&e, outdated);
  expect(same(&e, 0, 2), "the id of bob does not reach carol");
  step(&e, second);
  expect(all_differ(&e), "nobody, alice and carol differ");

  moelora_lease lease;
  answers(MOELORA_NOT_FOUND,
          moelora_slot_table_acquire(e.table, "bob", &lease, &error), "bob");
  ask_for_too_much(&e, arguments[2]);
  print_stats(&e);
  tear_down(&e);
  return 0;
}
