/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The variant of NaiveLayer.c for the emulator: its kernels, as compiled ones
 * call the emulator, and the entry points that launch them. One thread computes
 * one token. Pages of adapters are read without the emulator's checks. */
#include "EmulatedLayer.h"

#include "NaiveLayer.h"
#include "moelora/emulator/Kernel.h"

#include <elf.h>

enum { Threads = 32 };

/* ---- Accesses to global memory ------------------------------------------- */

typedef moelora_emulator_thread gpu;

/* Each kind of access has a site. */
enum { LoadSite, StoreSite, AtomicSite, BarrierSite, Sites };
static const moelora_emulated_site sites[Sites] = {{"load", "naive:1"},
                                                   {"store", "naive:2"},
                                                   {"atomic", "naive:3"},
                                                   {"barrier", "naive:4"}};

static const void *load(gpu *g, const void *from, size_t bytes, size_t align) {
  return g->calls->access(g, (void *)from, (uint32_t)bytes, (uint32_t)align,
                          MOELORA_EMULATOR_LOAD, LoadSite);
}

static int32_t load_int(gpu *g, const int32_t *from) {
  return *(const int32_t *)load(g, from, sizeof *from, sizeof *from);
}

static uint64_t load_word(gpu *g, const uint64_t *from) {
  const uint64_t *word = load(g, from, sizeof *from, sizeof *from);
  return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void *store(gpu *g, void *to, size_t bytes, size_t align) {
  return g->calls->access(g, to, (uint32_t)bytes, (uint32_t)align,
                          MOELORA_EMULATOR_STORE, StoreSite);
}

static void store_int(gpu *g, int32_t *to, int32_t value) {
  *(int32_t *)store(g, to, sizeof value, sizeof value) = value;
}

static void add(gpu *g, uint64_t *to, uint64_t count) {
  if (count)
    __atomic_fetch_add(
        (uint64_t *)g->calls->access(g, to, sizeof *to, sizeof *to,
                                     MOELORA_EMULATOR_ATOMIC, AtomicSite),
        count, __ATOMIC_RELAXED);
}

static int64_t thread_of_block(gpu *g) {
  return g->calls->special(g, MOELORA_EMULATOR_TID_X);
}

static int64_t thread_of_grid(gpu *g) {
  return (int64_t)g->calls->special(g, MOELORA_EMULATOR_CTAID_X) * Threads +
         thread_of_block(g);
}

static int64_t valid_tokens(gpu *g, const int32_t *valid, int64_t tokens) {
  int64_t count = valid ? load_int(g, valid) : tokens;
  return count < 0 ? 0 : count < tokens ? count : tokens;
}

/* ---- The kernels of the layer -------------------------------------------- */

/* All addresses are of device memory. */
typedef struct run {
  int64_t tokens, hidden_pitch, output_pitch;
  const int32_t *valid;
  const bf16 *hidden, *router, *up_gate, *down;
  const float *logits; /* NULL: from the router */
  bf16 *output;
  int32_t *ids;   /* [tokens, K] */
  float *weights; /* [tokens, K] */
  const uint64_t *word;
  const int32_t *number; /* NULL: no adapters */
  moelora_run_stats *stats;
  int32_t layer, reserved;
} run;

static adapter adapter_of(gpu *g, const run *r, int64_t t) {
  const uint64_t mask = ((uint64_t)1 << MOELORA_WORD_ADDRESS_BITS) - 1;
  adapter of = {0, r->layer, MOELORA_PAGE_FRAGMENT_MAJOR};
  int32_t slot = r->number ? load_int(g, r->number + t) : -1;
  if (slot >= 0)
    of.image = (const char *)((load_word(g, r->word + slot) & mask) *
                              MOELORA_WORD_ADDRESS_UNIT);
  return of;
}

static const bf16 *hidden_of(gpu *g, const run *r, int64_t t) {
  return load(g, r->hidden + t * r->hidden_pitch, H * sizeof(bf16), 2);
}

/* The two largest logits, and their weights, which add up to 1. */
static void choose(const float *logits, int32_t *ids, float *weights) {
  ids[0] = 0;
  for (int32_t e = 1; e < E; ++e)
    if (logits[e] > logits[ids[0]])
      ids[0] = e;
  ids[1] = ids[0] ? 0 : 1;
  for (int32_t e = 0; e < E; ++e)
    if (e != ids[0] && logits[e] > logits[ids[1]])
      ids[1] = e;
  weights[1] = 1 / (1 + expf(logits[ids[0]] - logits[ids[1]]));
  weights[0] = 1 - weights[1];
}

static void route_kernel(gpu *g, const void *parameters) {
  const run *r = parameters;
  int64_t t = thread_of_grid(g);
  float computed[E], weights[K];
  int32_t ids[K];
  if (t >= r->tokens)
    return;
  if (r->logits) {
    memcpy(computed, load(g, r->logits + t * E, sizeof computed, 4),
           sizeof computed);
  } else {
    const adapter of = adapter_of(g, r, t);
    compute_logits(load(g, r->router, E * H * sizeof(bf16), 2), &of,
                   hidden_of(g, r, t), computed);
  }
  choose(computed, ids, weights);
  memcpy(store(g, r->ids + t * K, sizeof ids, 4), ids, sizeof ids);
  memcpy(store(g, r->weights + t * K, sizeof weights, 4), weights,
         sizeof weights);
}

static void tokens_kernel(gpu *g, const void *parameters) {
  const run *r = parameters;
  int64_t t = thread_of_grid(g);
  float sum[H] = {0}, y[H];
  bf16 *row;
  if (t >= r->tokens)
    return;
  const adapter of = adapter_of(g, r, t);
  int valid = t < valid_tokens(g, r->valid, r->tokens);
  for (int j = 0; valid && j < K; ++j) {
    int32_t e = load_int(g, r->ids + t * K + j);
    const float *weight = load(g, r->weights + t * K + j, 4, 4);
    add(g, &r->stats->dropped_pairs, e < -1 || e >= E);
    if ((uint32_t)e >= E)
      continue;
    run_expert(r->up_gate, r->down, e, &of, hidden_of(g, r, t), y);
    for (int h = 0; h < H; ++h)
      sum[h] += *weight * y[h];
  }
  row = store(g, r->output + t * r->output_pitch, H * sizeof(bf16), 2);
  for (int h = 0; h < H; ++h)
    row[h] = narrow(sum[h]);
}

/* ---- The kernel of a step ------------------------------------------------ */

typedef struct resolution {
  int64_t tokens;
  const int32_t *ids, *valid;
  const uint64_t *directory, *ticket;
  uint64_t *word;
  int32_t *number;
  moelora_run_stats *stats;
  int32_t slots, index_bits;
} resolution;

static int32_t number_of(gpu *g, const resolution *r, int32_t id) {
  const uint64_t mask = ((uint64_t)1 << MOELORA_WORD_ADDRESS_BITS) - 1;
  int32_t slot = id & ((1 << r->index_bits) - 1);
  int named = id >= 0 && slot < r->slots;
  uint64_t word = named ? load_word(g, r->word + slot) : 0;
  int current = named && (uint64_t)(id >> r->index_bits) ==
                             word >> MOELORA_WORD_ADDRESS_BITS;
  int served = current && (word & mask);
  add(g, &r->stats->masked_slots, !served && id != -1);
  add(g, &r->stats->stale_slots, named && !current);
  return served ? slot : -1;
}

/* One thread block, so that its barrier orders the words. */
static void resolve_kernel(gpu *g, const void *parameters) {
  const resolution *r = parameters;
  int inside = load_word(g, r->ticket) != 0;
  int64_t first = thread_of_block(g);
  int64_t valid = valid_tokens(g, r->valid, r->tokens);
  for (int64_t s = first; s < r->slots; s += Threads) {
    uint64_t word = inside ? load_word(g, r->directory + s) : 0;
    *(uint64_t *)store(g, r->word + s, sizeof word, sizeof word) = word;
  }
  g->calls->barrier(g, 0, 0, BarrierSite);
  for (int64_t t = first; t < r->tokens; t += Threads)
    store_int(g, r->number + t,
              inside && t < valid ? number_of(g, r, load_int(g, r->ids + t))
                                  : -1);
  if (first == 0 && !inside)
    add(g, &r->stats->outside_steps, (uint64_t)valid);
}

static const moelora_emulated_kernel kernels[EmulatedKernels] = {
    {"naive_route", route_kernel, sizeof(run), Sites, sites},
    {"naive_tokens", tokens_kernel, sizeof(run), Sites, sites},
    {"naive_resolve", resolve_kernel, sizeof(resolution), Sites, sites}};

static const moelora_emulated_module module = {sizeof(moelora_emulated_module),
                                               MOELORA_EMULATOR_VERSION, 80,
                                               EmulatedKernels, kernels};

const moelora_binary emulated_binary = {MOELORA_BINARY_EMULATED, 0, 0, &module};

/* For a driver that reads the names alone. */
static const char ptx[] = ".target sm_80\n"
                          ".entry naive_route()\n"
                          ".entry naive_tokens()\n"
                          ".entry naive_resolve()\n";

static const struct {
  Elf64_Ehdr header;
  char names[64];
} cubin = {.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
                                  ELFCLASS64, ELFDATA2LSB},
                      .e_machine = EM_CUDA},
           .names = ".text.naive_route\0"
                    ".text.naive_tokens\0"
                    ".text.naive_resolve"};

const moelora_binary gpu_binaries[2] = {
    {MOELORA_BINARY_PTX, 0, sizeof ptx, ptx},
    {MOELORA_BINARY_CUBIN, 0, sizeof cubin, &cubin}};

const moelora_kernel_info emulated_kernels[EmulatedKernels] = {
    {"naive_route", 0, Threads, 0, 0},
    {"naive_tokens", 0, Threads, 0, 0},
    {"naive_resolve", 0, Threads, 0, 0}};

/* ---- The entry points, which run on the host ----------------------------- */

static moelora_launch launch_of(const moelora_run_args *args, int kernel,
                                uint32_t blocks, const void *parameters,
                                size_t bytes) {
  moelora_launch launch = {0};
  launch.kernel = args->kernels[kernel];
  launch.grid[0] = blocks;
  launch.block[0] = Threads;
  launch.grid[1] = launch.grid[2] = launch.block[1] = launch.block[2] = 1;
  launch.parameter_bytes = (uint32_t)bytes;
  launch.parameters = parameters;
  return launch;
}

static int32_t launch_all(const moelora_run_args *args,
                          const moelora_launch *launches, uint32_t count) {
  const moelora_services *services = args->services;
  return services->launch(services->context, args->on, launches, count)
             ? MOELORA_RUN_DEVICE_FAILED
             : MOELORA_RUN_OK;
}

static run run_of(const moelora_run_args *args) {
  run r = {0};
  r.tokens = args->tokens;
  r.hidden_pitch = args->stride[Hidden][0];
  r.output_pitch = args->stride[Output][0];
  r.valid = args->valid_tokens;
  r.hidden = args->operand[Hidden];
  r.router = args->operand[Router];
  r.up_gate = args->operand[GateUp];
  r.down = args->operand[Down];
  r.output = args->operand[Output];
  r.word = args->step ? args->step->word : 0;
  r.number = args->step ? args->step->number : 0;
  r.stats = args->stats;
  r.layer = args->layer;
  return r;
}

/* With `route`, the experts are chosen first, and kept in the workspace. */
static int32_t launch_layer(const moelora_run_args *args, run *r, int route) {
  uint32_t blocks = (uint32_t)((args->tokens + Threads - 1) / Threads);
  const moelora_launch launches[] = {
      launch_of(args, EmulatedRoute, blocks, r, sizeof *r),
      launch_of(args, EmulatedTokens, blocks, r, sizeof *r)};
  if (!blocks)
    return MOELORA_RUN_OK;
  return launch_all(args, launches + !route, 1 + (uint32_t)route);
}

static int32_t run_from_logits(const moelora_run_args *args,
                               const float *logits) {
  run r = run_of(args);
  r.logits = logits;
  r.ids = args->workspace;
  r.weights = (float *)(r.ids + args->tokens * K);
  return launch_layer(args, &r, 1);
}

static int32_t enter_all(const moelora_run_args *args) {
  return run_from_logits(args, 0);
}

static int32_t enter_logits(const moelora_run_args *args) {
  return run_from_logits(args, args->operand[Logits]);
}

static int32_t enter_ids(const moelora_run_args *args) {
  run r = run_of(args);
  r.ids = args->operand[Ids];
  r.weights = args->operand[Weights];
  return launch_layer(args, &r, 0);
}

static int32_t enter_resolve(const moelora_run_args *args) {
  const moelora_step_view *step = args->step;
  const resolution r = {args->tokens,
                        args->operand[MOELORA_RESOLVE_IDS],
                        args->valid_tokens,
                        args->operand[MOELORA_RESOLVE_DIRECTORY],
                        step->ticket,
                        (uint64_t *)step->word,
                        (int32_t *)step->number,
                        args->stats,
                        step->slots,
                        step->index_bits};
  const moelora_launch launch =
      launch_of(args, EmulatedResolve, 1, &r, sizeof r);
  return launch_all(args, &launch, 1);
}

const moelora_entry emulated_entries[MOELORA_ENTRIES] = {
    {MOELORA_ENTRY_ALL, 0, enter_all},
    {MOELORA_ENTRY_LOGITS, 0, enter_logits},
    {MOELORA_ENTRY_IDS, 0, enter_ids},
    {MOELORA_ENTRY_RESOLVE, 0, enter_resolve}};
