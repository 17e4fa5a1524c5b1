// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer of IR as loaded code.

#ifndef MOELORA_TEST_CODEGEN_COMPILEDLAYER_H
#define MOELORA_TEST_CODEGEN_COMPILEDLAYER_H

#include "Operands.h"
#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Execute.h"

#include <memory>

namespace moelora::codetest {

/// What a router was given and answered.
struct Routing {
  std::vector<float> logits, weights;
  std::vector<int32_t> ids;
};

struct RunResult {
  int32_t status = 0;
  uint64_t droppedPairs = 0;
  std::vector<char> output;
};

class CompiledLayer {
public:
  /// `why` says why there is no artifact.
  CompiledLayer(LayerOp layer, llvm::StringRef tier, std::string &why);

  const moelora_artifact *artifact() const {
    return moelora_artifact_of(file.get());
  }
  bool has(moelora_entry entry) const { return entryOf(entry); }

  /// Runs an entry point with the operands that the artifact says it reads, and
  /// no others. Output and workspace start as NaN, and end like the operands
  /// where no page is mapped. A router that runs is
  /// recorded in `routing`; where the entry point skips it, that is what it is
  /// given.
  RunResult run(moelora_entry entry, const Operands &operands, int64_t tokens,
                moelora_pool *pool, Routing &routing) const;

private:
  moelora_run entryOf(moelora_entry entry) const;

  struct Close {
    void operator()(moelora_artifact_file *file) const {
      moelora_artifact_close(file);
    }
  };
  std::unique_ptr<moelora_artifact_file, Close> file;
};

} // namespace moelora::codetest

#endif // MOELORA_TEST_CODEGEN_COMPILEDLAYER_H
