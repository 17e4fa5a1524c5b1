// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Signed random operands and adapters of a case, once in the form of a run and
// once in that of the reference, over the same memory.

#ifndef MOELORA_TEST_DIFFERENTIAL_DATA_H
#define MOELORA_TEST_DIFFERENTIAL_DATA_H

#include "Case.h"
#include "Pages.h"
#include "Shapes.h"
#include "moelora/reference/ExactData.h"

#include <deque>

namespace moelora::differential {

using Bytes = std::vector<char>;

// How often an id names nothing, or a slot is not published.
constexpr int64_t oddities = 8;

class Data {
public:
  explicit Data(const Case &c);
  Data(Data &&) = delete;

  const reference::Problem &problem() const { return reference; }
  /// The output, and how far from it is right: as far as rounding may lead from
  /// the exact rows, or no bit from the rounded ones where the case is exact.
  reference::Output wanted() const;
  /// The directory, with no images; empty without slots.
  const std::vector<uint64_t> &directory() const { return words; }
  /// The ids of the tokens.
  const std::vector<int32_t> &slotIds() const { return ids; }
  /// The resolved slot numbers, and also invalid numbers.
  const std::vector<int32_t> &numbers() const { return stepNumbers; }
  /// Null: the run does not read it.
  const void *operand(moelora_role role) const {
    return bytes[role].empty() ? nullptr : bytes[role].data();
  }
  Bytes bytesOf(moelora_role role) const { return bytes[role]; }
  /// From now on, all bytes of this row of a matrix are this one.
  void fillRow(moelora_role role, int64_t row, char byte);
  /// The slot of each token as it must resolve; -1: base.
  const std::vector<int32_t> &slots() const { return dense; }

private:
  void addOperands();
  /// The values of a matrix. `steps` is the number of steps of ExactData.h if
  /// the case is exact.
  reference::Vector makeRow(int64_t columns, int64_t steps);
  double makeNumber(moelora_role role);
  double makeScale();
  void addSlots();
  void addExperts();
  void addLogits();
  void addAdapters();
  void addTable();
  reference::Adapter makeAdapter();
  void addGateUp(reference::Adapter &adapter,
                 std::pair<moelora_projection, moelora_projection> projections,
                 const moelora_activation &activation, int64_t count,
                 int64_t in, int64_t out);
  reference::LoraPair makePair(int64_t in, int64_t out);
  /// Another pair with the same A.
  reference::LoraPair withOtherB(const reference::LoraPair &pair, int64_t out);
  reference::MatrixView makeMatrix(int64_t rows, int64_t columns,
                                   int64_t steps);

  Case c;
  Random random;
  moelora_dtype type;
  reference::RandomBits bits;
  reference::ExactSizes sizes; // where the case is exact
  reference::Problem reference;
  std::array<Bytes, MOELORA_ROLES> bytes;
  std::vector<int32_t> ids, dense, stepNumbers;
  std::deque<std::vector<double>> matrices;
  std::deque<reference::Adapter> adapters;
  std::vector<uint64_t> words;
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_DATA_H
