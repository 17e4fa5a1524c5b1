/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Run.h.
 */
#include "Layers.h"

using namespace moelora::test;

InvalidCalls moelora::test::invalidRun(const Valid &) {
  return {{"moelora_layer_run", "layer", invalid,
           [] {
             moelora_run run = {};
             run.size = sizeof run;
             return moelora_layer_run(nullptr, &run, nullptr);
           }},
          {"moelora_layer_run", "run", invalid, [] {
             // Nothing of a layer is looked at without a run.
             alignas(16) char layer[16] = {};
             return moelora_layer_run(
                 reinterpret_cast<const moelora_bound_layer *>(layer), nullptr,
                 nullptr);
           }}};
}
