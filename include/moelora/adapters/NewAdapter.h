// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A new adapter: its tensors and configuration are built in memory and then
// saved as a folder. The folder becomes visible when it is complete and was
// opened and compared.
#ifndef MOELORA_ADAPTERS_NEWADAPTER_H
#define MOELORA_ADAPTERS_NEWADAPTER_H

#include "moelora/adapters/Pairs.h"

#include "moelora/host/Report.h"
#include "moelora/host/Times.h"

#include <deque>

namespace moelora::adapters {

using host::Json;

/// How the experts' pairs are stored. SharedOuter is PerExpert, except that A
/// of gate, A of up, and B of down are written once where all experts have the
/// same one.
enum class Form { PerExpert, SharedOuter, Natural, Transposed };

inline bool isPacked(Form form) {
  return form == Form::Natural || form == Form::Transposed;
}

/// A module or parameter of the experts for which tensors were written.
struct Module {
  const moelora_adapter_site *site;
  std::string path; ///< below the layer: "mlp.experts.17.w1"
  bool packed;      ///< the path names a parameter
  int32_t rank;
  double scale;
};

class NewAdapter {
public:
  /// Adds a tensor of zeros and returns its memory, which does not move.
  char *add(const std::string &name, int32_t dtype, std::vector<int64_t> shape);
  uint64_t bytes() const;
  size_t tensors() const { return values.size(); }
  void write(const std::string &folder) const;

  Json config;
  std::vector<Module> modules;

private:
  std::deque<std::string> names;
  std::deque<std::vector<char>> values;
  std::vector<moelora_tensor_data> headers;
};

/// The result of saving an adapter.
struct Written {
  uint64_t pairs = 0;
  bool ambiguous = false; ///< it opens only if the layout is stated
};

/// Throws if the folder exists, unless it may be replaced.
void checkVacant(const std::string &folder, bool force);

/// Writes the files to a temporary folder next to the final one, opens them,
/// compares every pair with its source, and moves them to the final folder if
/// all pairs are equal.
Written writeCompared(const NewAdapter &adapter, const std::string &folder,
                      const moelora_adapter_target &target, Form form,
                      const PairSource &source, const host::Progress &progress);

} // namespace moelora::adapters

#endif // MOELORA_ADAPTERS_NEWADAPTER_H
