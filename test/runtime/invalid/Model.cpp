/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Model.h.
 */
#include "moelora/runtime/Model.h"
#include "Layers.h"

using namespace moelora::test;

namespace {

moelora_model_options options() {
  moelora_model_options options = {};
  options.size = sizeof options;
  options.weights = MOELORA_WEIGHTS_RANDOM;
  options.folder = TINY_MODEL;
  options.layers = LAYER_NAIVE;
  return options;
}

/// A call with a model that is open.
template <typename Body> std::function<int64_t()> withModel(Body body) {
  return [body]() -> int64_t {
    moelora_model_options whole = options();
    moelora_model *model = nullptr;
    if (moelora_model_open(&whole, &model, nullptr) != MOELORA_OK)
      return -100;
    int64_t answer = body(model);
    return moelora_model_close(model, nullptr) == MOELORA_OK ? answer : -101;
  };
}

InvalidCalls opening() {
  return {
      {"moelora_model_open", "options", invalid,
       [] {
         moelora_model *model = nullptr;
         return moelora_model_open(nullptr, &model, nullptr);
       }},
      {"moelora_model_open", "model", invalid,
       [] {
         moelora_model_options whole = options();
         return moelora_model_open(&whole, nullptr, nullptr);
       }},
      {"moelora_model_close", "model", MOELORA_OK,
       [] { return moelora_model_close(nullptr, nullptr); }},
      {"moelora_model_give", "model", invalid,
       [] {
         moelora_memory weight = {};
         weight.size = sizeof weight;
         return moelora_model_give(nullptr, 0, &weight, nullptr);
       }},
      {"moelora_model_give", "weight", invalid, withModel([](auto *model) {
         return moelora_model_give(model, 0, nullptr, nullptr);
       })},
      {"moelora_model_table", "model", invalid,
       [] {
         moelora_slot_table *table = nullptr;
         return moelora_model_table(nullptr, 1, &table, nullptr);
       }},
      {"moelora_model_step", "model", invalid,
       [] {
         moelora_step *step = nullptr;
         return moelora_model_step(nullptr, 1, &step, nullptr);
       }},
      {"moelora_model_step", "step", invalid, withModel([](auto *model) {
         return moelora_model_step(model, 1, nullptr, nullptr);
       })},
  };
}

} // namespace

InvalidCalls moelora::test::invalidModel(const Valid &) {
  InvalidCalls calls = opening();
  calls.insert(calls.end(),
               {{"moelora_model_target", "model", 0,
                 [] { return moelora_model_target(nullptr) ? 1 : 0; }},
                {"moelora_model_read_stats", "model", invalid,
                 [] {
                   moelora_model_stats stats = {};
                   stats.size = sizeof stats;
                   return moelora_model_read_stats(nullptr, &stats, nullptr);
                 }},
                {"moelora_model_read_stats", "stats", invalid,
                 withModel([](auto *model) {
                   return moelora_model_read_stats(model, nullptr, nullptr);
                 })},
                {"moelora_model_layers", "model", -1,
                 [] { return moelora_model_layers(nullptr); }},
                {"moelora_model_hidden", "model", -1,
                 [] { return moelora_model_hidden(nullptr); }},
                {"moelora_model_layer", "model", 0,
                 [] { return moelora_model_layer(nullptr, 0) ? 1 : 0; }},
                {"moelora_model_workspace", "model", 0,
                 [] { return int64_t(moelora_model_workspace(nullptr, 1)); }}});
  return calls;
}
