/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs of the compiled layer that was written by hand, so that tests see what a
 * tenant would see.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_LAYERRUN_H
#define MOELORA_TEST_RUNTIME_HOSTILE_LAYERRUN_H

#include "Draft.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Run.h"

namespace moelora::test {

/// The sizes of that layer, for drafts and models.
Sizes layerSizes();

/// The outputs of one token, bf16.
using Row = std::vector<uint16_t>;

class LayerRun {
public:
  explicit LayerRun(unsigned seed = 1);
  ~LayerRun() { finish(); }
  LayerRun(const LayerRun &) = delete;

  /// Runs a token for each id, through layer 0 of the table (NULL: without
  /// one). Token i reads hidden row first + i.
  std::vector<Row> operator()(moelora_slot_table *table,
                              const std::vector<int32_t> &ids,
                              size_t first = 0);
  /// One token with these two experts instead of the router's choice.
  Row withExperts(moelora_slot_table *table, int32_t id, int32_t one,
                  int32_t other);

  /// The same in parts, of which the second one only calls the runtime:
  /// resolving ids and running the layer.
  void prepare(moelora_slot_table *table, const std::vector<int32_t> &ids,
               size_t first = 0);
  moelora_status run(moelora_error **error);
  void finish();
  /// The output of all tokens of the last run.
  const Row &output() const { return outputs; }

  moelora_run_stats stats{}; ///< of all runs

private:
  std::vector<Row> runNow();
  void bind(moelora_slot_table *table);

  static constexpr size_t hiddenRows = 64;
  std::vector<uint16_t> hiddenStates, router, gateUp, down;
  // of the run that was prepared
  moelora_program *program = nullptr;
  moelora_bound_layer *layer = nullptr;
  moelora_step *step = nullptr;
  moelora_run asked{};
  std::vector<int32_t> ids;
  std::vector<char> workspace;
  Row outputs;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_LAYERRUN_H
