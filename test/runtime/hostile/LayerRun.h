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
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/SlotTable.h"

namespace moelora::test {

/// The sizes of that layer, for drafts and models.
Sizes layerSizes();

/// The outputs of one token, bf16.
using Row = std::vector<uint16_t>;

class LayerRun {
public:
  explicit LayerRun(unsigned seed = 1);

  /// Runs a token for each id, through layer 0 of the table (NULL: without
  /// one). Token i reads hidden row first + i.
  std::vector<Row> operator()(const moelora_slot_table *table,
                              const std::vector<int32_t> &ids,
                              size_t first = 0);
  /// One token with these two experts instead of the router's choice.
  Row withExperts(const moelora_slot_table *table, int32_t id, int32_t one,
                  int32_t other);

  /// The same in two steps, of which the second one only calls the runtime.
  void prepare(const moelora_slot_table *table, const std::vector<int32_t> &ids,
               size_t first = 0);
  moelora_status run(moelora_error **error);
  /// Of all tokens of the last run.
  const Row &output() const { return outputs; }

  moelora_run_stats stats{}; ///< of all runs

private:
  void set(moelora_role role, const void *data);
  std::vector<Row> runNow();

  static constexpr size_t hiddenRows = 64;
  std::vector<uint16_t> hiddenStates, router, gateUp, down;
  // of the call that was prepared
  moelora_layer_call call{};
  moelora_directory directory{};
  moelora_services services{};
  std::vector<int32_t> slots;
  std::vector<char> workspace;
  Row outputs;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_LAYERRUN_H
