/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-injected-faults: fails every call of every operation on adapters of
 * every form, on both kinds of device. Status 3: something was not as it should
 * be.
 */
#include "Faults.h"

#include <cstdio>

int main() {
  moelora::test::Faults faults;
  for (int form = 0; form < moelora::test::forms; ++form) {
    moelora::test::Inputs inputs(static_cast<moelora::test::Form>(form));
    for (bool remote : {false, true})
      faults.exhaustAll(inputs, remote, 1);
  }
  faults.print();
  constexpr size_t mostShown = 20;
  for (size_t i = 0; i < faults.failures.size() && i < mostShown; ++i)
    std::printf("%s\n", faults.failures[i].c_str());
  size_t failed = faults.failures.size();
  // The errors before the first injected failure.
  failed += testing::UnitTest::GetInstance()->Failed();
  std::printf("%lu passed, %lu failed\n",
              faults.injections - faults.failures.size(), failed);
  return failed ? 3 : 0;
}
