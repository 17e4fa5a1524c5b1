// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares outputs, for every tool and test that compares rows of numbers. The
// comparison can fail in several ways: NaN is never within a bound, rows that
// were not compared are counted as missing, and only few rows may be left out
// as near ties.
#ifndef MOELORA_REFERENCE_COMPARE_H
#define MOELORA_REFERENCE_COMPARE_H

#include "moelora/reference/Layer.h"

#include <string>

namespace moelora::reference {

/// |found - wanted| / bound. It is 0 if both are the same number or both are
/// NaN. Otherwise it is infinite if one of them is not finite or the bound is
/// not valid. It is never NaN, which would be lost in comparisons.
double errorRatio(double found, double wanted, double bound);

/// A bound for each element of a row: `unit` times its largest finite number.
Vector boundsOfRow(const Vector &wanted, double unit);

/// The unit of boundsOfRow for two results that are rounded at the same places,
/// but computed with sums in another order: an output of `type` after sums over
/// at most `products` products. The error of an f32 sum grows with its length.
double reorderedUnit(moelora_dtype type, int64_t products);

/// The results of a comparison so far.
class Verdict {
public:
  Verdict() = default;
  /// `rows` is the number of rows that have to be compared or left out.
  explicit Verdict(int64_t rows) : rows(rows) {}

  /// Compares a row. If the three lengths differ, the row is wrong.
  void compareRow(int64_t token, const Vector &found, const Vector &wanted,
                  const Vector &bounds);
  /// Leaves out a row whose experts are a near tie, for which no bound holds.
  void leaveOut() { ++undecided; }
  /// Adds the rows of another comparison.
  void add(const Verdict &other);

  bool right() const { return failure().empty(); }
  /// Describes what is wrong; empty if nothing is. All elements must be within
  /// their bounds, all rows must be compared or left out, some row must be
  /// compared if there are any, and at most one row in ten may be left out, or
  /// a single row.
  std::string failure() const;

  int64_t rows = 0, compared = 0, undecided = 0;
  double worst = 0;              // error / bound
  int64_t token = 0, column = 0; // of the worst
  double found = 0, wanted = 0;  // there
};

/// Compares row tokens[i] of `found` with row i of `exact`, which must have
/// bounds.
Verdict compareRows(const MatrixView &found, const std::vector<int64_t> &tokens,
                    const Output &exact);

/// The same for the output of every token.
Verdict compareRows(const MatrixView &found, const Output &exact);

/// Compares each row of `found` with that of `wanted`, within
/// boundsOfRow(wanted, unit).
Verdict compareRows(const MatrixView &found, const MatrixView &wanted,
                    double unit);

/// Reads consecutive rows of an output as f64.
MatrixView viewOf(const Output &output);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_COMPARE_H
