// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Ranks.h"

#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

using namespace moelora;

thread_local int rank;
thread_local moelora_error *error;

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

/// The ranks that differ from this one in these bits only.
static std::vector<int> membersOver(int64_t bits) {
  std::vector<int> members;
  for (int other = 0; other < Ranks; ++other)
    if (((other ^ rank) & ~bits) == 0)
      members.push_back(other);
  return members;
}

extern "C" int64_t _mlir_ciface_coordinate(int64_t axis) {
  return coordinateOf(int(axis));
}

/// In place.
extern "C" void _mlir_ciface_all_reduce(int64_t bits, MemRef<2> *rows) {
  static MemRef<2> *summands[Ranks];
  summands[rank] = rows;
  meet();
  std::vector<float> sum(size_t(rows->size[0] * rows->size[1]), 0.0f);
  for (int member : membersOver(bits))
    for (size_t i = 0; i < sum.size(); ++i)
      sum[i] += static_cast<float *>(summands[member]->data)[i];
  meet();
  std::copy(sum.begin(), sum.end(), static_cast<float *>(rows->data));
}

/// Addresses and a number of bytes that is that of every member.
extern "C" void _mlir_ciface_all_gather(int64_t bits, int64_t from,
                                        int64_t bytes, int64_t to) {
  static int64_t sent[Ranks];
  sent[rank] = from;
  meet();
  for (int member : membersOver(bits)) {
    std::memcpy(reinterpret_cast<void *>(to),
                reinterpret_cast<void *>(sent[member]), size_t(bytes));
    to += bytes;
  }
  meet();
}

void must(moelora_status status, const moelora_error *why) {
  if (status == MOELORA_OK)
    return;
  std::fprintf(stderr, "error: %s\n", moelora_error_text(why));
  std::exit(1);
}

const moelora_bound_layer *bind(const moelora_artifact *artifact,
                                moelora_slot_table *table) {
  moelora_program *program;
  moelora_bound_layer *layer;
  moelora_binding binding = {};
  binding.size = sizeof binding;
  binding.flags = MOELORA_BIND_CALLED;
  binding.table = table;
  must(moelora_program_create(artifact, "cpu", moelora_device_cpu(), nullptr,
                              &program, &error),
       error);
  must(moelora_layer_bind(program, &binding, &layer, &error), error);
  return layer;
}

Context::Context(const moelora_bound_layer *layer, moelora_step *step)
    : layer(layer) {
  run.size = sizeof run;
  run.workspace = alignedTo256(workspace.data());
  run.workspace_bytes = workspace.size() - 256;
  run.step = step;
  run.stats = &stats;
  call.size = sizeof call;
  call.layers = 1;
  call.layer = &this->layer;
  call.run = &run;
}

void Context::check() const {
  must(static_cast<moelora_status>(call.status), call.error);
}

MemRef<2> rowsOf(MemRef<2> all, int64_t bytes, int64_t first, int64_t count) {
  int64_t columns = all.size[1];
  void *start = static_cast<char *>(all.data) + first * columns * bytes;
  return describe<2>(start, {count, columns});
}

double worstOf(MemRef<2> found, MemRef<2> wanted) {
  if (found.size[0] != wanted.size[0] || found.size[1] != wanted.size[1])
    return INFINITY;
  auto at = [](const MemRef<2> &rows, int64_t row, int64_t column) {
    return reference::load(MOELORA_BF16, rows.data,
                           row * rows.size[1] + column);
  };
  double worst = 0;
  for (int64_t row = 0; row < wanted.size[0]; ++row) {
    double largest = 0, difference = 0;
    for (int64_t column = 0; column < wanted.size[1]; ++column) {
      double a = at(found, row, column), b = at(wanted, row, column);
      largest = std::fmax(largest, std::fabs(b));
      difference =
          std::isfinite(a) ? std::fmax(difference, std::fabs(a - b)) : INFINITY;
    }
    double unit = std::ldexp(1.0, largest > 0 ? std::ilogb(largest) - 7 : -126);
    worst = std::fmax(worst, difference / unit);
  }
  return worst;
}

void compareRanks(const char *what, const std::function<MemRef<2>()> &function,
                  const std::function<MemRef<2>()> &wanted) {
  double worst[Ranks];
  auto run = [&](int number) {
    rank = number;
    MemRef<2> found = function();
    worst[number] = worstOf(found, wanted());
    std::free(found.allocated);
  };
  std::vector<std::thread> threads;
  for (int number = 0; number < Ranks; ++number)
    threads.emplace_back(run, number);
  for (std::thread &thread : threads)
    thread.join();
  for (int number = 0; number < Ranks; ++number)
    std::printf("%s, rank %d gives the rows of the layer: %s\n", what, number,
                worst[number] <= 1 ? "yes"
                                   : std::to_string(worst[number]).c_str());
}
