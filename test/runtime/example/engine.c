/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A serving engine in one file: everything that it asks of moelora.
 *
 *     engine LAYER.so ALICE BOB CAROL
 *
 * A compiled layer of two slots serves a batch in which each token belongs to
 * nobody, to alice or to bob. Then alice's weights are replaced while she is
 * served, bob is disabled, bob leaves, and carol gets his slot. After each of
 * these the program looks at what the tokens got.
 *
 * The three rows of hidden states occur once for each tenant, side by side, so
 * that what an adapter does is seen by comparing rows of one batch.
 */
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Checkpoint.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/SlotStats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 2, SLOTS = 2, TENANTS = 3, ROWS = 3, TOKENS = ROWS * TENANTS };

/* Work on NULL is done when a call returns. With a GPU this is the stream on
 * which the engine launches or replays its graphs. */
static moelora_stream *const stream = NULL;

/* ---- Answers ------------------------------------------------------------- */

static moelora_error *error;

static void must(moelora_status status, const char *what) {
  if (status == MOELORA_OK)
    return;
  fprintf(stderr, "error: %s: %s\n", what, moelora_error_text(error));
  exit(1);
}
#define MUST(call) must((call), #call)

/* FULL, BUSY, STALE and NOT_FOUND are answers that an engine lives with. */
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

/* How Qwen3-MoE calls its modules. An adapter must bind to these, tensor by
 * tensor; whatever it has besides is an error or is listed as elsewhere. */
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

struct engine {
  moelora_artifact_file *file;
  const moelora_artifact *artifact;
  moelora_pool *pool;
  moelora_services services;
  moelora_slot_table *table;
  moelora_adapter_names names;
  moelora_adapter_site site[LAYERS];
  moelora_adapter_target target;

  moelora_layer_call call;
  moelora_run_stats stats;
  moelora_directory directory;
  int32_t slots[TOKENS];
  void *workspace, *operand[MOELORA_ROLES];
};

/* All layers of this model are alike. */
static void describe_model(struct engine *e) {
  const moelora_layer *layer = &e->artifact->layer;
  e->names = names_of_the_family();
  for (int32_t i = 0; i < LAYERS; ++i) {
    e->site[i].layer = i;
    e->site[i].experts = layer->router.experts;
    e->site[i].hidden = layer->hidden;
    e->site[i].intermediate = layer->intermediate;
    e->site[i].gated = layer->activation.gated;
    e->site[i].names = &e->names;
  }
  e->target.site = e->site;
  e->target.sites = e->target.layers = LAYERS;
}

/* ---- Setting up ---------------------------------------------------------- */

/* The compiled layer says what a slot table for it must be. */
static void make_table(struct engine *e) {
  moelora_slot_table_options options = {0};
  options.slots = e->artifact->slots;
  options.max_rank = e->artifact->max_rank;
  options.dtype = e->artifact->adapter_dtype;
  options.page_order = e->artifact->page_order;
  MUST(moelora_slot_table_create(&options, &e->table, &error));
  moelora_slot_table_directory(e->table, e->artifact->first_layer,
                               &e->directory);
}

/* Signed numbers, in the type that the layer wants: f32 or bf16. */
static void fill(moelora_buffer needs, char *data) {
  uint32_t state = 12345;
  uint64_t size = needs.dtype == MOELORA_F32 ? 4 : 2;
  for (uint64_t at = 0; at < needs.bytes; at += size) {
    state = state * 1664525u + 1013904223u;
    float value = ((float)(state >> 8) / (1 << 23) - 1) * 0.5f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t upper = (uint16_t)(bits >> 16); /* a bf16 */
    memcpy(data + at, size == 4 ? (void *)&bits : (void *)&upper, size);
  }
}

/* Row r of the hidden states is that of tokens 3 r, 3 r + 1 and 3 r + 2. */
static void repeat_rows(char *hidden, uint64_t row) {
  for (uint64_t t = 0; t < TOKENS; ++t)
    memcpy(hidden + t * row, hidden + t / TENANTS * TENANTS * row, row);
}

/* Made up here; an engine has its own weights and hidden states. */
static void make_operands(struct engine *e) {
  const moelora_layer *layer = &e->artifact->layer;
  uint32_t read = moelora_entry_operands(e->artifact, MOELORA_ENTRY_ALL);
  for (int role = 0; role < MOELORA_ROLES; ++role) {
    if (!(read >> role & 1))
      continue;
    moelora_buffer *buffer = &e->call.operand[role];
    *buffer = moelora_operand_needs(layer, (moelora_role)role, TOKENS);
    if (role == MOELORA_SLOTS) {
      buffer->data = e->slots;
      continue;
    }
    e->operand[role] = allocate(buffer->bytes);
    fill(*buffer, e->operand[role]);
    if (role == MOELORA_HIDDEN)
      repeat_rows(e->operand[role], buffer->bytes / TOKENS);
    buffer->data = e->operand[role];
  }
}

static void prepare_call(struct engine *e) {
  const uint64_t alignment = 64;
  moelora_layer_call *call = &e->call;
  call->tokens = TOKENS;
  call->entry = MOELORA_ENTRY_ALL;
  make_operands(e);
  call->output_bytes =
      moelora_operand_needs(&e->artifact->layer, MOELORA_HIDDEN, TOKENS).bytes;
  call->output = allocate(call->output_bytes);
  call->workspace_bytes =
      e->artifact->workspace_bytes(TOKENS, e->services.workers);
  e->workspace = allocate(call->workspace_bytes + alignment);
  uint64_t address = (uint64_t)e->workspace;
  call->workspace =
      (char *)e->workspace + (alignment - address % alignment) % alignment;
  call->directory = &e->directory;
  call->services = &e->services;
  call->stats = &e->stats;
}

static void set_up(struct engine *e, const char *path) {
  memset(e, 0, sizeof *e);
  MUST(moelora_artifact_load(path, &e->file, &error));
  e->artifact = moelora_artifact_of(e->file);
  MUST(moelora_pool_create(0, &e->pool, &error));
  moelora_services_init(e->pool, &e->services);
  describe_model(e);
  make_table(e);
  prepare_call(e);
}

static void tear_down(struct engine *e) {
  moelora_slot_table_destroy(e->table);
  for (int role = 0; role < MOELORA_ROLES; ++role)
    free(e->operand[role]);
  free(e->call.output);
  free(e->workspace);
  moelora_pool_destroy(e->pool);
  moelora_artifact_close(e->file);
}

/* ---- Adapters come and go ------------------------------------------------ */

/* From a folder into a slot, on all threads. The files are needed no longer. */
static int32_t load(struct engine *e, const char *name, const char *folder) {
  moelora_adapter *adapter;
  moelora_staging staging = {0};
  int32_t id;
  staging.services = &e->services;
  MUST(moelora_adapter_open(folder, &e->target, MOELORA_LAYOUT_DECIDE, &adapter,
                            &error));
  MUST(moelora_slot_table_assign(e->table, name, adapter, &staging, &id,
                                 &error));
  moelora_adapter_close(adapter);
  return id;
}

/* The text of a file, as a trainer would send it. */
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

/* Puts the weights of `folder`, held in memory, into the place of `id`. Whoever
 * has it leased goes on; what comes later on the stream sees the new ones. */
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
  MUST(moelora_adapter_open_memory(config, tensors, count, &e->target,
                                   MOELORA_LAYOUT_DECIDE, &adapter, &error));
  MUST(moelora_slot_table_replace(e->table, id, adapter, NULL, stream, &error));
  moelora_adapter_close(adapter);

  for (int64_t i = 0; i < count; ++i)
    free(data[i]);
  free(config);
  free(data);
  free(tensors);
  moelora_checkpoint_close(checkpoint);
}

static int32_t slot_of(int32_t id) {
  return id & ((1 << MOELORA_SLOT_INDEX_BITS) - 1);
}

/* ---- Serving ------------------------------------------------------------- */

/* Token t is of tenant t % 3, who has this id. */
static void run(struct engine *e, const int32_t id[TENANTS]) {
  for (int t = 0; t < TOKENS; ++t)
    e->slots[t] = id[t % TENANTS];
  MUST(moelora_layer_run(e->artifact, &e->call, &error));
}

/* One step of an engine: lease, launch, release. NULL is nobody's adapter. */
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
  run(e, id);
  for (int i = 0; i < TENANTS; ++i)
    if (name[i])
      MUST(moelora_slot_table_release(e->table, &lease[i], stream, &error));
}

/* Whether two tenants got the same bits, in each row. */
static int same(const struct engine *e, int left, int right) {
  const char *output = e->call.output;
  uint64_t row = e->call.output_bytes / TOKENS;
  for (int r = 0; r < ROWS; ++r)
    if (memcmp(output + (uint64_t)(r * TENANTS + left) * row,
               output + (uint64_t)(r * TENANTS + right) * row, (size_t)row))
      return 0;
  return 1;
}

/* Whether no two tenants got the same. */
static int all_differ(const struct engine *e) {
  return !same(e, 0, 1) && !same(e, 0, 2) && !same(e, 1, 2);
}

/* With every slot leased there is no room, and that is an answer. */
static void ask_for_too_much(struct engine *e, const char *folder) {
  const char *const names[SLOTS] = {"alice", "carol"};
  moelora_lease lease[SLOTS];
  moelora_adapter *adapter;
  int32_t id;
  MUST(moelora_adapter_open(folder, &e->target, MOELORA_LAYOUT_DECIDE, &adapter,
                            &error));
  for (int i = 0; i < SLOTS; ++i)
    MUST(moelora_slot_table_acquire(e->table, names[i], &lease[i], &error));
  answers(
      MOELORA_FULL,
      moelora_slot_table_assign(e->table, "dave", adapter, NULL, &id, &error),
      "dave");
  for (int i = 0; i < SLOTS; ++i)
    MUST(moelora_slot_table_release(e->table, &lease[i], stream, &error));
  moelora_adapter_close(adapter);
}

static void print_stats(struct engine *e) {
  moelora_slot_table_stats stats;
  moelora_slot_table_read_stats(e->table, &stats);
  printf("loads %d, replaced %d, removals %d, full %d, stale ids %d\n",
         (int)stats.loads, (int)stats.replaced, (int)stats.removals,
         (int)stats.full, (int)stats.ids.stale);
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
  expect(slot_of(carol) == slot_of(bob) && carol != bob,
         "carol has the slot of bob and an id of her own");
  const int32_t outdated[TENANTS] = {-1, alice, bob};
  run(&e, outdated);
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
