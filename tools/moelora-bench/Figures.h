// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Measurements and their targets: a table for people, printed during the
// measurement, and JSON for programs.
#ifndef MOELORA_TOOLS_BENCH_FIGURES_H
#define MOELORA_TOOLS_BENCH_FIGURES_H

#include "moelora/host/Report.h"

#include <optional>
#include <string>
#include <vector>

namespace moelora::bench {

struct Figure {
  std::string section, name;
  double value;
  std::string unit;
  std::optional<double> atMost; // the target

  bool holds() const { return !atMost || value <= *atMost; }
};

class Figures {
public:
  /// Begins a section. `note` describes how it is measured.
  void begin(const std::string &section, const std::string &note);
  /// Adds a row and prints it immediately.
  void add(const std::string &name, double value, const std::string &unit,
           std::optional<double> atMost = {});
  /// Prints how many targets are met.
  void summarize() const;
  /// JSON with the date and the CPU.
  host::Json document(int threads) const;

private:
  std::string section;
  std::vector<Figure> figures;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_FIGURES_H
