// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether an output is right: what every tool and test that compares rows of
// numbers asks. A verdict is made so that it can fail: what is not a number is
// never within a bound, rows that nobody compared are missed, and few may be
// left out as near ties.
#ifndef MOELORA_REFERENCE_COMPARE_H
#define MOELORA_REFERENCE_COMPARE_H

#include "moelora/reference/Layer.h"

#include <string>

namespace moelora::reference {

/// |found - wanted| / bound: 0 where both are the same number or both are NaN,
/// and infinite where else one of them is no finite number, or the bound is
/// none. Never NaN, which would be lost among numbers that are compared.
double errorRatio(double found, double wanted, double bound);

/// A bound for each element of a row: `unit` times its largest finite number.
Vector boundsOfRow(const Vector &wanted, double unit);

/// The unit of boundsOfRow for two answers that round where the same meaning
/// says, but add in another order: an output of `type` after sums over at most
/// so many products. Single roundings fall the other way, and what sums in f32
/// err by follows their length.
double reorderedUnit(moelora_dtype type, int64_t products);

/// What a comparison has shown so far.
class Verdict {
public:
  Verdict() = default;
  /// `rows`: how many are to be compared or left out.
  explicit Verdict(int64_t rows) : rows(rows) {}

  /// The three are of one length; else the row is wrong.
  void compareRow(int64_t token, const Vector &found, const Vector &wanted,
                  const Vector &bounds);
  /// A row whose experts are a near tie: nothing holds for it.
  void leaveOut() { ++undecided; }
  /// Takes the rows of another comparison too.
  void add(const Verdict &other);

  bool right() const { return failure().empty(); }
  /// What is wrong; empty where nothing is. Elements must be within their
  /// bounds, every row accounted for, some rows compared where there are any,
  /// and at most one row in ten left out; a single row may always be.
  std::string failure() const;

  int64_t rows = 0, compared = 0, undecided = 0;
  double worst = 0;              // error / bound
  int64_t token = 0, column = 0; // of the worst
  double found = 0, wanted = 0;  // there
};

/// Row tokens[i] of `found` with row i of `exact`, which must have bounds.
Verdict compareRows(const MatrixView &found, const std::vector<int64_t> &tokens,
                    const Output &exact);

/// The same for the output of every token.
Verdict compareRows(const MatrixView &found, const Output &exact);

/// Each row of `found` with that of `wanted`, within boundsOfRow(wanted, unit).
Verdict compareRows(const MatrixView &found, const MatrixView &wanted,
                    double unit);

/// Rows in f64 one after the other, as those of an output.
MatrixView viewOf(const Output &output);

} // namespace moelora::reference

#endif // MOELORA_REFERENCE_COMPARE_H
