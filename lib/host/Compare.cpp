// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Compare.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::host;

static constexpr int64_t mostSampled = 16;

std::vector<int64_t> moelora::host::sampleTokens(int64_t tokens) {
  int64_t count = std::min(tokens, mostSampled);
  std::vector<int64_t> sample;
  for (int64_t i = 0; i < count; ++i)
    sample.push_back(i * tokens / count);
  return sample;
}

reference::Verdict moelora::host::compare(const Operand &output, int64_t width,
                                          const ExactRows &exact,
                                          const std::vector<double> *wanted) {
  auto rowsOf = [&](moelora_dtype type, const void *data) {
    return reference::MatrixView{type, data, 0, width, width};
  };
  auto found = rowsOf(output.type, output.buffer.data());
  auto bounds = rowsOf(MOELORA_F64, exact.bounds.data());
  auto rows = rowsOf(MOELORA_F64, wanted ? wanted->data() : exact.rows.data());
  reference::Verdict verdict(int64_t(exact.tokens.size()));
  for (size_t i = 0; i < exact.tokens.size(); ++i) {
    int64_t token = exact.tokens[i], place = int64_t(i);
    if (wanted || exact.decided[i])
      verdict.compareRow(token, found.row(token),
                         rows.row(wanted ? token : place), bounds.row(place));
    else
      verdict.leaveOut();
  }
  return verdict;
}
