/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pair in its pages against the pair in its file.
 */
#ifndef MOELORA_TEST_RUNTIME_PAGES_H
#define MOELORA_TEST_RUNTIME_PAGES_H

#include "Tables.h"
#include "base/Convert.h"

namespace moelora::test {

/// Place of an element in a 16 x 16 block, by what each lane has.
inline int64_t fragmentPlace(int64_t row, int64_t column) {
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t n = 0; n < 8; ++n) {
      int64_t pair = n / 2; // rows alternate, first of columns 0-7
      if (row == lane / 4 + (pair % 2 ? 8 : 0) &&
          column == 2 * (lane % 4) + n % 2 + (pair / 2 ? 8 : 0))
        return lane * 8 + n;
    }
  return -1;
}

/// Pages of A, [rank][in], or of B, [out][rank].
template <typename T> struct Paged {
  const void *data;
  int64_t size;
  bool isB;
  bool fragments;

  /// Sizes with padding.
  int64_t sizes() const { return fragments ? (size + 15) / 16 * 16 : size; }

  T at(int64_t rank, int64_t i) const {
    const T *elements = static_cast<const T *>(data);
    int64_t page = rank / 16, j = rank % 16;
    if (!fragments)
      return elements[isB ? (page * size + i) * 16 + j : rank * size + i];
    int64_t block = page * (sizes() / 16) + i / 16;
    int64_t place = isB ? fragmentPlace(i % 16, j) : fragmentPlace(j, i % 16);
    return elements[block * 256 + place];
  }
};

/// Every element is the rounded one of the file, and all others are zeros.
template <typename T>
void expectMatrix(const Matrix &matrix, const Paged<T> &pages, int64_t rank) {
  int wrong = 0;
  for (int64_t j = 0; j < (rank + 15) / 16 * 16; ++j)
    for (int64_t i = 0; i < pages.sizes(); ++i) {
      float stored = 0;
      if (j < rank && i < pages.size)
        stored = pages.isB ? matrix(i, j) : matrix(j, i);
      wrong += moelora::bitsOf<std::array<char, sizeof(T)>>(pages.at(j, i)) !=
               moelora::bitsOf<std::array<char, sizeof(T)>>(
                   moelora::convert<T>(stored));
    }
  EXPECT_EQ(wrong, 0) << (pages.isB ? "B" : "A") << " of rank " << rank;
}

template <typename T>
void expectPages(const Pair &pair, const Image &image, const moelora_pair &at,
                 int32_t order = MOELORA_PAGE_ROW_MAJOR) {
  int64_t rank = pair.info.rank;
  ASSERT_EQ(at.pages, (rank + 15) / 16);
  EXPECT_EQ(at.scale, static_cast<float>(pair.info.scale));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(image.data()) % 64, 0u);
  bool fragments = order == MOELORA_PAGE_FRAGMENT_MAJOR;
  expectMatrix(pair.a, Paged<T>{image.at(at.a), pair.info.in, false, fragments},
               rank);
  expectMatrix(pair.b, Paged<T>{image.at(at.b), pair.info.out, true, fragments},
               rank);
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_PAGES_H
