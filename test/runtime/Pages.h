/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A pair in its pages against the pair in its file.
 */
#ifndef MOELORA_TEST_RUNTIME_PAGES_H
#define MOELORA_TEST_RUNTIME_PAGES_H

#include "Convert.h"
#include "Tables.h"

namespace moelora::test {

template <typename T>
void expectPages(const Pair &pair, const moelora_pair &at, float (*widen)(T)) {
  ASSERT_EQ(at.rank, static_cast<uint32_t>(pair.info.rank));
  ASSERT_EQ(at.pages, (at.rank + 15) / 16);
  EXPECT_EQ(at.scale, static_cast<float>(pair.info.scale));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(at.a) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(at.b) % 64, 0u);
  const T *a = static_cast<const T *>(at.a), *b = static_cast<const T *>(at.b);
  auto rounded = [&](float value) { return widen(moelora::narrow<T>(value)); };
  for (int64_t j = 0; j < at.pages * 16; ++j) {
    bool real = j < pair.info.rank;
    for (int64_t i = 0; i < pair.info.in; ++i)
      EXPECT_EQ(widen(a[j * pair.info.in + i]),
                real ? rounded(pair.a(j, i)) : 0);
    for (int64_t o = 0; o < pair.info.out; ++o)
      EXPECT_EQ(widen(b[(j / 16 * pair.info.out + o) * 16 + j % 16]),
                real ? rounded(pair.b(o, j)) : 0);
  }
}

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_PAGES_H
