// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/reference/Compare.h"

#include "moelora/reference/Bound.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace moelora::reference {

double errorRatio(double found, double wanted, double bound) {
  if (found == wanted || (std::isnan(found) && std::isnan(wanted)))
    return 0;
  double ratio = std::abs(found - wanted) / bound;
  bool counts = std::isfinite(bound) && !std::isnan(ratio);
  return counts ? ratio : std::numeric_limits<double>::infinity();
}

Vector boundsOfRow(const Vector &wanted, double unit) {
  double largest = 0;
  for (double value : wanted)
    if (std::isfinite(value))
      largest = std::max(largest, std::abs(value));
  return Vector(wanted.size(), unit * largest);
}

double reorderedUnit(moelora_dtype type, int64_t products) {
  // Measured on weights of 12 to 4096 columns: at most 0.7 of this, but for
  // rows whose terms cancel to almost nothing.
  constexpr double flips = 2;
  return flips * unitOf(type) + boundConstant * sumUnit(products);
}

void Verdict::compareRow(int64_t row, const Vector &foundRow,
                         const Vector &wantedRow, const Vector &bounds) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  ++compared;
  size_t columns = std::max(foundRow.size(), wantedRow.size());
  for (size_t i = 0; i < columns; ++i) {
    bool all = i < foundRow.size() && i < wantedRow.size() && i < bounds.size();
    double ratio = all ? errorRatio(foundRow[i], wantedRow[i], bounds[i])
                       : std::numeric_limits<double>::infinity();
    if (ratio <= worst)
      continue;
    worst = ratio;
    token = row;
    column = int64_t(i);
    found = i < foundRow.size() ? foundRow[i] : none;
    wanted = i < wantedRow.size() ? wantedRow[i] : none;
  }
}

static std::string textOf(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

void Verdict::add(const Verdict &other) {
  Verdict sum = other.worst > worst ? other : *this;
  sum.rows = rows + other.rows;
  sum.compared = compared + other.compared;
  sum.undecided = undecided + other.undecided;
  *this = sum;
}

std::string Verdict::failure() const {
  auto text = [](int64_t number) { return std::to_string(number); };
  if (worst > 1)
    return "expects " + textOf(wanted) + " in token " + text(token) +
           ", column " + text(column) + ", but it is " + textOf(found) +
           ", outside the error bound";
  if (compared + undecided != rows)
    return "expects " + text(rows) + " rows to be compared, but " +
           text(compared + undecided) + " were";
  if (rows > 0 && compared == 0)
    return "expects rows to compare, but all " + text(rows) + " are near ties";
  if (undecided > std::max<int64_t>(1, rows / 10))
    return "expects at most one row in ten to be a near tie, but " +
           text(undecided) + " of " + text(rows) + " are";
  return "";
}

Verdict compareRows(const MatrixView &found, const std::vector<int64_t> &tokens,
                    const Output &exact) {
  Verdict verdict(int64_t(tokens.size()));
  MatrixView rows = viewOf(exact), bounds = rows;
  bounds.data = exact.bounds.data();
  for (size_t i = 0; i < tokens.size(); ++i)
    if (exact.decided[i])
      verdict.compareRow(tokens[i], found.row(tokens[i]), rows.row(int64_t(i)),
                         bounds.row(int64_t(i)));
    else
      verdict.leaveOut();
  return verdict;
}

Verdict compareRows(const MatrixView &found, const Output &exact) {
  std::vector<int64_t> all(exact.routed.size());
  std::iota(all.begin(), all.end(), 0);
  return compareRows(found, all, exact);
}

Verdict compareRows(const MatrixView &found, const MatrixView &wanted,
                    double unit) {
  Verdict verdict(wanted.rows);
  for (int64_t t = 0; t < wanted.rows; ++t)
    verdict.compareRow(t, found.row(t), wanted.row(t),
                       boundsOfRow(wanted.row(t), unit));
  return verdict;
}

MatrixView viewOf(const Output &output) {
  return {MOELORA_F64, output.rows.data(), int64_t(output.routed.size()),
          output.width, output.width};
}

} // namespace moelora::reference
