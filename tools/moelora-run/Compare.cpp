// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Compare.h"

#include <cmath>
#include <limits>

using namespace moelora;
using namespace moelora::run;

namespace {

constexpr int64_t MostSampled = 16;

/// Values that are no numbers must be the same ones; an error where the bound
/// is 0 is infinitely wrong.
double ratio(double found, double wanted, double bound) {
  if (found == wanted || (std::isnan(found) && std::isnan(wanted)))
    return 0;
  double error = std::abs(found - wanted) / bound;
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

} // namespace

std::vector<int64_t> moelora::run::sampleTokens(int64_t tokens) {
  int64_t count = std::min(tokens, MostSampled);
  std::vector<int64_t> sample;
  for (int64_t i = 0; i < count; ++i)
    sample.push_back(i * tokens / count);
  return sample;
}

Verdict moelora::run::compare(const Operand &output, int64_t width,
                              const ExactRows &exact,
                              const std::vector<double> *wanted) {
  Verdict verdict;
  for (size_t i = 0; i < exact.tokens.size(); ++i) {
    if (!wanted && !exact.decided[i]) {
      ++verdict.undecided;
      continue;
    }
    ++verdict.rows;
    for (int64_t column = 0; column < width; ++column) {
      int64_t place = exact.tokens[i] * width + column;
      size_t here = i * size_t(width) + size_t(column);
      double right = wanted ? (*wanted)[size_t(place)] : exact.rows[here];
      double found = reference::load(output.type, output.buffer.data(), place);
      double error = ratio(found, right, exact.bounds[here]);
      if (error > verdict.worst)
        verdict = {error, exact.tokens[i], column,           found,
                   right, verdict.rows,    verdict.undecided};
    }
  }
  return verdict;
}
