// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "WholeRun.h"

using namespace mlir;

namespace moelora::codetest {

WholeRun::WholeRun(LayerOp layer, StringRef tier,
                   const interpreter::Inputs &inputs, int64_t tokens)
    : tokens(tokens) {
  std::string why;
  CompiledLayer code(layer, tier, why);
  if (!why.empty())
    return; // an empty result differs from every other one
  Operands operands(layer, inputs);
  moelora_entry_kind entry = code.has(MOELORA_ENTRY_ALL) ? MOELORA_ENTRY_ALL
                             : code.has(MOELORA_ENTRY_LOGITS)
                                 ? MOELORA_ENTRY_LOGITS
                                 : MOELORA_ENTRY_IDS;
  result = code.run(entry, RunInput(operands, Routing()), tokens, nullptr);
}

/// The rows from `first` on of an array with a row for each token.
template <typename T>
static bool hasRows(const std::vector<T> &all, int64_t tokens,
                    const std::vector<T> &own, int64_t first, int64_t count) {
  size_t width = tokens ? all.size() / size_t(tokens) : 0;
  return own.size() == width * size_t(count) &&
         !std::memcmp(own.data(), all.data() + width * size_t(first),
                      own.size() * sizeof(T));
}

bool WholeRun::chose(const Routing &own, int64_t first, int64_t count) const {
  const Routing &all = result.routing;
  return hasRows(all.ids, tokens, own.ids, first, count) &&
         hasRows(all.weights, tokens, own.weights, first, count);
}

bool WholeRun::computed(const std::vector<char> &own, int64_t first,
                        int64_t count) const {
  return hasRows(result.output, tokens, own, first, count);
}

} // namespace moelora::codetest
