/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-hostile-files [--count=N] [--seed=S]: corrupts N adapters, and prints
 * the results of each kind and every wrong result. Status 3: there was a wrong
 * result.
 */
#include "Mutations.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

static bool takeNumber(const char *argument, const char *name,
                       unsigned long &value) {
  size_t length = std::strlen(name);
  if (std::strncmp(argument, name, length) != 0)
    return false;
  char *end = nullptr;
  value = std::strtoul(argument + length, &end, 10);
  return end != argument + length && *end == '\0';
}

int main(int count, char **arguments) {
  unsigned long files = 10000, seed = 1;
  for (int i = 1; i < count; ++i)
    if (!takeNumber(arguments[i], "--count=", files) &&
        !takeNumber(arguments[i], "--seed=", seed)) {
      std::fprintf(stderr, "error: unknown argument %s\n", arguments[i]);
      return 2;
    }
  moelora::test::Mutations campaign(static_cast<unsigned>(seed));
  campaign.run(files);
  campaign.print();
  constexpr size_t mostShown = 20;
  for (size_t i = 0; i < campaign.failures.size() && i < mostShown; ++i)
    std::printf("%s\n", campaign.failures[i].c_str());
  unsigned long failed = campaign.failed;
  // The errors of the valid adapters, before the first file.
  failed += testing::UnitTest::GetInstance()->Failed();
  std::printf("%lu passed, %lu failed\n", campaign.files - campaign.failed,
              failed);
  return failed ? 3 : 0;
}
