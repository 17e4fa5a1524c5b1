/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Packed pairs as the two layouts write them, by their definition.
 */
#ifndef MOELORA_TEST_RUNTIME_PACKED_H
#define MOELORA_TEST_RUNTIME_PACKED_H

#include "Files.h"

#include <gtest/gtest.h>

namespace moelora::test {

/// The tensors of one layout for a parameter of sizes in and out.
struct PackedFile {
  static constexpr int64_t rank = 2; // E = 3: e*r + j differs from j*E + e
  bool natural;
  int64_t in, out;
  int64_t inFile = experts; ///< experts that the file counts
  bool grouped = false;     ///< lora_B's columns are grouped by expert

  void add(Tensors &tensors, const std::string &module, unsigned seed) const {
    addPair(tensors, module, inFile * rank, natural ? in : out,
            natural ? out : in, seed);
  }
  int64_t column(int64_t e, int64_t j) const {
    return grouped ? e * rank + j : j * inFile + e;
  }
  /// lora_A's rows are expert-major; a transposed lora_B shrinks.
  float shrink(const Tensors &tensors, const std::string &module, int64_t e,
               int64_t j, int64_t i) const {
    return natural ? tensors.at(module + ".lora_A.weight")(e * rank + j, i)
                   : tensors.at(module + ".lora_B.weight")(i, column(e, j));
  }
  float expand(const Tensors &tensors, const std::string &module, int64_t e,
               int64_t o, int64_t j) const {
    return natural ? tensors.at(module + ".lora_B.weight")(o, column(e, j))
                   : tensors.at(module + ".lora_A.weight")(e * rank + j, o);
  }
};

/// `pair` of expert `e` has the outputs firstOut, firstOut + step, ...
inline void expectPair(const PackedFile &file, const Tensors &tensors,
                       const std::string &module, const Pair &pair, int64_t e,
                       int64_t firstOut, int64_t step) {
  ASSERT_EQ(pair.info.rank, file.rank);
  ASSERT_EQ(pair.info.in, file.in);
  for (int64_t j = 0; j < file.rank; ++j) {
    for (int64_t i = 0; i < file.in; ++i)
      EXPECT_EQ(pair.a(j, i), file.shrink(tensors, module, e, j, i));
    for (int64_t o = 0; o < pair.info.out; ++o)
      EXPECT_EQ(pair.b(o, j),
                file.expand(tensors, module, e, firstOut + o * step, j));
  }
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_PACKED_H
