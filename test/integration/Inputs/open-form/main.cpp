// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a function that MLIR's passes have cut, on eight threads as ranks, and
// compares the rows of each with those of the whole layer. A sum of f32 in
// another order may be rounded to the next number of bf16.

#include "../calling/Data.h"
#include "moelora/runtime/Call.h"

#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

using namespace moelora;

enum { Ranks = 8, Experts = 8, Intermediate = 32 };

extern "C" const moelora_artifact *moelora_query_experts(uint32_t abi);
extern "C" const moelora_artifact *moelora_query_experts_cut_2x2(uint32_t abi);
using Function = void(MemRef<2> *result, MemRef<2> *x, MemRef<2> *ids,
                      MemRef<2> *weights, MemRef<4> *gateUp, MemRef<3> *down,
                      moelora_call_context *context);
extern "C" Function _mlir_ciface_whole, _mlir_ciface_part;

/// The number of this thread's rank: (dp * 2 + ep) * 2 + tp.
static thread_local int rank;
static MemRef<2> *summands[Ranks];

static void meet() {
  static std::mutex mutex;
  static std::condition_variable all;
  static int arrived = 0, round = 0;
  std::unique_lock<std::mutex> lock(mutex);
  int mine = round;
  if (++arrived == Ranks) {
    arrived = 0;
    ++round;
    all.notify_all();
  }
  all.wait(lock, [&] { return round != mine; });
}

extern "C" int64_t _mlir_ciface_coordinate(int64_t axis) {
  return rank >> (2 - axis) & 1;
}

/// Over axes 1 and 2, in place.
extern "C" void _mlir_ciface_all_reduce(MemRef<2> *rows) {
  summands[rank] = rows;
  meet();
  int64_t count = rows->size[0] * rows->size[1];
  std::vector<float> sum(static_cast<size_t>(count), 0.0f);
  for (int member = rank & ~3; member <= (rank | 3); ++member)
    for (int64_t i = 0; i < count; ++i)
      sum[size_t(i)] += static_cast<float *>(summands[member]->data)[i];
  meet();
  std::copy(sum.begin(), sum.end(), static_cast<float *>(rows->data));
}

static moelora_error *error;

static void must(moelora_status status, const moelora_error *why) {
  if (status == MOELORA_OK)
    return;
  std::fprintf(stderr, "error: %s\n", moelora_error_text(why));
  std::exit(1);
}

static moelora_bound_layer *bind(const moelora_artifact *artifact) {
  moelora_program *program;
  moelora_bound_layer *layer;
  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.flags = MOELORA_BIND_CALLED;
  must(moelora_program_create(artifact, "cpu", moelora_device_cpu(), nullptr,
                              &program, &error),
       error);
  must(moelora_layer_bind(program, &binding, &layer, &error), error);
  return layer;
}

static const moelora_bound_layer *layers[2];

/// Calls a function; the rows are the caller's.
static MemRef<2> call(Function &function, MemRef<2> x, MemRef<2> ids,
                      MemRef<2> weights, MemRef<4> gateUp, MemRef<3> down) {
  std::vector<char> workspace(1 << 20);
  moelora_run run = {};
  run.size = sizeof run;
  run.workspace = alignedTo256(workspace.data());
  run.workspace_bytes = workspace.size() - 256;
  moelora_call_context context = {};
  context.size = sizeof context;
  context.layers = 2;
  context.layer = layers;
  context.run = &run;
  MemRef<2> result = {};
  function(&result, &x, &ids, &weights, &gateUp, &down, &context);
  must(static_cast<moelora_status>(context.status), context.error);
  return result;
}

struct Routing {
  Routing() {
    for (int t = 0; t < Tokens; ++t)
      for (int j = 0; j < 2; ++j) {
        ids.push_back((t + j * (t % 7 + 1)) % Experts);
        weights.push_back(0.25f + 0.5f * float(j));
      }
    ids[5] = -1; // no expert
    ids[8] = Experts;
    ids[11] = INT32_MIN;
  }
  std::vector<int32_t> ids;
  std::vector<float> weights;
};

/// The rows from the first to the last one of a rank with this coordinate.
static MemRef<2> rowsOf(MemRef<2> all, int64_t bytes, int dp) {
  int64_t half = Tokens / 2, columns = all.size[1];
  void *start = static_cast<char *>(all.data) + dp * half * columns * bytes;
  return describe<2>(start, {dp ? Tokens - half : half, columns});
}

/// The part of a weight `[experts, outer, intermediate, inner]`.
static Elements cut(const Elements &whole, int64_t outer, int64_t inner, int ep,
                    int tp) {
  Elements part;
  int64_t columns = Intermediate * inner, first = tp * columns / 2;
  for (int64_t row = ep * Experts / 2 * outer;
       row < (ep + 1) * Experts / 2 * outer; ++row)
    for (int64_t i = first; i < first + columns / 2; ++i)
      part.push_back(whole[size_t(row * columns + i)]);
  return part;
}

int main() {
  layers[0] = bind(moelora_query_experts(MOELORA_ABI_VERSION));
  layers[1] = bind(moelora_query_experts_cut_2x2(MOELORA_ABI_VERSION));
  Routing routing;
  Weights weights({Experts, Intermediate}, 1);
  Rows x = randomRows(2);
  MemRef<2> in = x.memRef(), ids = describe<2>(routing.ids.data(), {Tokens, 2}),
            scale = describe<2>(routing.weights.data(), {Tokens, 2});
  auto [router, gateUp, down] = weights.memRefs();
  MemRef<2> whole = call(_mlir_ciface_whole, in, ids, scale, gateUp, down);
  double worst[Ranks];
  auto runRank = [&](int number) {
    rank = number;
    int dp = rank >> 2, ep = rank >> 1 & 1, tp = rank & 1;
    Elements own13 = cut(weights.gateUp, 2, Hidden, ep, tp),
             own2 = cut(weights.down, Hidden, 1, ep, tp);
    MemRef<2> found =
        call(_mlir_ciface_part, rowsOf(in, 2, dp), rowsOf(ids, 4, dp),
             rowsOf(scale, 4, dp),
             describe<4>(own13.data(), {4, 2, Intermediate / 2, Hidden}),
             describe<3>(own2.data(), {4, Hidden, Intermediate / 2}));
    MemRef<2> wanted = rowsOf(whole, 2, dp);
    worst[rank] = found.size[0] == wanted.size[0] ? 0 : INFINITY;
    for (int64_t i = 0; i < wanted.size[0] * Hidden; ++i) {
      double a = reference::load(MOELORA_BF16, found.data, i),
             b = reference::load(MOELORA_BF16, wanted.data, i),
             unit = std::ldexp(1.0, b ? std::ilogb(b) - 7 : -126);
      worst[rank] = std::fmax(worst[rank], std::fabs(a - b) / unit);
    }
    std::free(found.allocated);
  };
  std::vector<std::thread> threads;
  for (int number = 0; number < Ranks; ++number)
    threads.emplace_back(runRank, number);
  for (std::thread &thread : threads)
    thread.join();
  for (int number = 0; number < Ranks; ++number)
    std::printf("rank %d gives the rows of the layer: %s\n", number,
                worst[number] <= 1 ? "yes"
                                   : std::to_string(worst[number]).c_str());
  std::free(whole.allocated);
}
