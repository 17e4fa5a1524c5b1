// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bits of the rows of an output, and batches of some tokens.

#ifndef MOELORA_TEST_DIFFERENTIAL_ROWS_H
#define MOELORA_TEST_DIFFERENTIAL_ROWS_H

#include "Run.h"

namespace moelora::differential {

/// The rows of an output that others are compared with, which it borrows.
class Rows {
public:
  Rows(const Case &c, const Bytes &output)
      : tokens(c.tokens), output(output),
        bytes(shapeOf(c.layer, MOELORA_OUTPUT, 1).bytes()) {}

  /// Whether row `token` has the bits of a row of another output.
  bool same(int64_t token, const Bytes &other, int64_t otherRow) const {
    return std::equal(output.begin() + token * bytes,
                      output.begin() + (token + 1) * bytes,
                      other.begin() + otherRow * bytes);
  }
  /// At most this number of different tokens.
  std::vector<int64_t> some(Random &random, int64_t most) const;

private:
  int64_t tokens;
  const Bytes &output;
  int64_t bytes;
};

/// Some tokens of a batch as a batch of their own.
class Selection {
public:
  Selection(const Case &c, const Batch &from,
            const std::vector<int64_t> &tokens);
  Selection(const Selection &) = delete;

  const Batch &batch() const { return selected; }

private:
  Batch selected;
  std::array<Bytes, MOELORA_ROLES> rows;
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_ROWS_H
