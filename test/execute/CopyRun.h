// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A correct run of the copying layer with three tokens.
#ifndef MOELORA_TEST_EXECUTE_COPYRUN_H
#define MOELORA_TEST_EXECUTE_COPYRUN_H

#include "Layers.h"

#include <array>

namespace moelora::test {

struct CopyRun {
  static constexpr int64_t Tokens = 3, Width = 8;
  using Rows = std::array<float, Tokens * Width>;

  explicit CopyRun(moelora_slot_table *table = nullptr,
                   const moelora_device *device = moelora_device_cpu())
      : bound(LAYER_COPY, table, device) {
    for (size_t i = 0; i < hidden.size(); ++i)
      hidden[i] = float(i) - 7.5f;
    run.size = sizeof run;
    run.tokens = Tokens;
    run.hidden = hidden.data();
    run.output = output.data();
    run.workspace = workspace.data();
    run.workspace_bytes = 64;
  }
  std::string error() { return errorOf(moelora_layer_run, bound.layer, &run); }
  /// The layer adds to each row its token's slot.
  Rows expected(const std::array<int, Tokens> &slots) const {
    Rows rows = hidden;
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i] += float(slots[i / Width]);
    return rows;
  }

  BoundLayer bound;
  Rows hidden, output = {};
  Memory workspace{512};
  moelora_run run = {};
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_COPYRUN_H
