// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// model MODEL WHOLE CUT ADAPTER N: a model whose layers are cut over N peer
// ranks, which are threads, computes what it computes whole. N 0: without a
// group.

#include "moelora/runtime/Model.h"
#include "moelora/runtime/Group.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int64_t Tokens = 6;

void must(moelora_status status, moelora_error *error) {
  if (status == MOELORA_OK)
    return;
  std::fprintf(stderr, "error: %s\n", moelora_error_text(error));
  std::_Exit(1); // of several threads at once
}

template <typename Function, typename... Arguments>
void call(Function function, Arguments... arguments) {
  moelora_error *error = nullptr;
  moelora_status status = function(arguments..., &error);
  must(status, error);
}

struct Files {
  const char *folder, *layers, *adapter;
};

/// A model, or what one peer rank has of it, and its output of the first layer.
struct Result {
  std::vector<uint16_t> output;
  moelora_model_stats stats = {sizeof(moelora_model_stats), 0, 0, 0};
};

void runStep(moelora_model *model, moelora_slot_table *table, Result &result) {
  moelora_lease lease;
  moelora_step *step = nullptr;
  moelora_stream *none = nullptr;
  call(moelora_model_step, model, Tokens, &step);
  call(moelora_slot_table_acquire, table, "alice", &lease);
  std::vector<int32_t> ids;
  for (int64_t t = 0; t < Tokens; ++t)
    ids.push_back(t % 2 ? lease.id : -1);
  auto hidden = size_t(moelora_model_hidden(model));
  std::vector<uint16_t> x(size_t(Tokens) * hidden);
  for (size_t i = 0; i < x.size(); ++i) // some of 1, -1, 0.5, -0.5
    x[i] = uint16_t((i * 7 % 5 < 2 ? 0x3f00 : 0xbf00) | (i * 3 % 4 ? 0x80 : 0));
  result.output.resize(x.size());
  moelora_run run = {};
  run.size = sizeof run;
  run.tokens = Tokens;
  run.step = step;
  run.hidden = x.data();
  run.output = result.output.data();
  run.workspace_bytes = moelora_model_workspace(model, Tokens);
  run.workspace =
      std::aligned_alloc(256, (run.workspace_bytes + 255) / 256 * 256);
  call(moelora_step_enter, step, none);
  call(moelora_step_resolve, step, none,
       static_cast<const int32_t *>(ids.data()), Tokens,
       static_cast<const int32_t *>(nullptr));
  call(moelora_layer_run, moelora_model_layer(model, 0), &run);
  call(moelora_step_leave, step, none);
  call(moelora_slot_table_release, table, &lease);
  call(moelora_step_destroy, step);
  std::free(run.workspace);
}

Result runModel(const Files &files, moelora_group *group) {
  moelora_model_options options = {};
  options.size = sizeof options;
  options.folder = files.folder;
  options.layers = files.layers;
  options.group = group;
  moelora_model *model = nullptr;
  moelora_slot_table *table = nullptr;
  moelora_adapter *adapter = nullptr;
  int32_t id = -1;
  Result result;
  call(moelora_model_open, &options, &model);
  call(moelora_model_read_stats, model, &result.stats);
  call(moelora_model_table, model, 2, &table);
  call(moelora_adapter_open, files.adapter, moelora_model_target(model),
       static_cast<const moelora_adapter_options *>(nullptr), &adapter);
  call(moelora_slot_table_assign, table, "alice", adapter,
       static_cast<const moelora_staging *>(nullptr), &id);
  moelora_adapter_close(adapter);
  runStep(model, table, result);
  call(moelora_model_close, model);
  return result;
}

Result runRank(const Files &files, const moelora_transport *transport) {
  moelora_group_options options = {sizeof options,   0, 1, 1,
                                   transport->ranks, 0};
  moelora_group *group = nullptr;
  call(moelora_group_create, transport, &options, &group);
  call(moelora_group_reserve, group, Tokens, uint64_t(1) << 12);
  call(moelora_group_share_tokens, group, Tokens);
  Result result = runModel(files, group);
  call(moelora_group_destroy, group);
  return result;
}

float widen(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/// The largest difference, in units of the largest element.
float differenceOf(const Result &one, const Result &other) {
  float most = 0, largest = 0;
  for (size_t i = 0; i < one.output.size(); ++i) {
    float a = widen(one.output[i]), b = widen(other.output[i]);
    most = std::max(most, std::abs(a - b));
    largest = std::max(largest, std::abs(a));
  }
  return most / largest;
}

} // namespace

int main(int, char **argument) {
  Files whole = {argument[1], argument[2], argument[4]};
  Files cut = {argument[1], argument[3], argument[4]};
  auto ranks = size_t(std::atoi(argument[5]));
  if (ranks == 0)
    return runModel(cut, nullptr), 0;
  Result expected = runModel(whole, nullptr);
  std::vector<const moelora_transport *> transports(ranks);
  call(moelora_loopback_open, int32_t(ranks), transports.data());
  std::vector<Result> results(ranks);
  std::vector<std::thread> threads;
  for (size_t rank = 0; rank < ranks; ++rank)
    threads.emplace_back(
        [&, rank] { results[rank] = runRank(cut, transports[rank]); });
  for (std::thread &thread : threads)
    thread.join();
  bool same = true;
  for (size_t rank = 0; rank < ranks; ++rank) {
    same &= results[rank].output == results[0].output;
    moelora_transport_close(transports[rank]);
  }
  float difference = differenceOf(expected, results[0]);
  std::printf("same bits: %s, near: %s\n", same ? "yes" : "no",
              difference > 0 && difference < 0x1p-6f ? "yes" : "no");
  const moelora_model_stats &all = expected.stats, &part = results[1].stats;
  std::printf("bytes less of weights: %lld, and less that are read: %lld\n",
              (long long)(all.weight_bytes - part.weight_bytes),
              (long long)(all.read_bytes - part.read_bytes));
}
