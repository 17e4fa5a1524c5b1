// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What was measured, beside what it should be: a table for people while it is
// measured, and JSON for machines.
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
  std::optional<double> atMost; // the aim

  bool holds() const { return !atMost || value <= *atMost; }
};

class Figures {
public:
  /// What follows belongs together; `note` says how it is measured.
  void begin(const std::string &section, const std::string &note);
  /// Prints a row at once.
  void add(const std::string &name, double value, const std::string &unit,
           std::optional<double> atMost = {});
  /// Prints how many aims hold.
  void summarize() const;
  /// With the date and the CPU.
  host::Json document(int threads) const;

private:
  std::string section;
  std::vector<Figure> figures;
};

} // namespace moelora::bench

#endif // MOELORA_TOOLS_BENCH_FIGURES_H
