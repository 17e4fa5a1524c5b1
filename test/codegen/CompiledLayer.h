// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer of IR as loaded code.

#ifndef MOELORA_TEST_CODEGEN_COMPILEDLAYER_H
#define MOELORA_TEST_CODEGEN_COMPILEDLAYER_H

#include "Operands.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Execute.h"

#include <functional>
#include <memory>
#include <optional>

namespace moelora::codetest {

/// The inputs and the results of a router.
struct Routing {
  std::vector<float> logits, weights;
  std::vector<int32_t> ids;
};

/// The inputs of a run. Memory is borrowed.
struct RunInput {
  std::array<const void *, MOELORA_ROLES> operand = {};
  std::optional<moelora_step_view> step; // none: no adapters
  const int32_t *validTokens = nullptr;
  char fill = 0; ///< of the workspace, before the run
  /// Those of the rank that has most; 0: as many as are run.
  int64_t mostTokens = 0;

  /// Takes the addresses of operands. The results of a router are copied from
  /// `routing`.
  RunInput(const Operands &operands, const Routing &routing);

private:
  template <typename T> const void *copy(const std::vector<T> &data);
  const void *recorded(const Routing &routing, moelora_role role);
  std::vector<std::shared_ptr<Guarded>> memory;
};

struct RunResult {
  int32_t status = 0;
  uint64_t droppedPairs = 0;
  std::vector<char> output;
  /// The results of the router; empty if it did not run.
  Routing routing;
};

class CompiledLayer {
public:
  /// `why` says why there is no artifact.
  CompiledLayer(LayerOp layer, llvm::StringRef tier, std::string &why);

  /// The only variant.
  const moelora_variant &variant() const {
    return moelora_artifact_of(file.get(), 0)->variant[0];
  }
  /// The row of a role; null: there is none.
  const moelora_operand *row(moelora_role role) const;
  bool has(moelora_entry_kind entry) const { return entryOf(entry); }

  /// Runs an entry point with the operands that its rows say it needs, and no
  /// others. Output and workspace start as NaN and end at a guard. `change` may
  /// change what the entry point is called with.
  using Change = std::function<void(moelora_run_args &)>;
  RunResult run(moelora_entry_kind entry, const RunInput &input, int64_t tokens,
                moelora_pool *pool, const Change &change = {}) const;

private:
  moelora_run_function entryOf(moelora_entry_kind entry) const;

  struct Close {
    void operator()(moelora_artifact_file *file) const {
      moelora_artifact_close(file, nullptr);
    }
  };
  std::unique_ptr<moelora_artifact_file, Close> file;
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_COMPILEDLAYER_H
