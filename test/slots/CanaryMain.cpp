/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * moelora-canary: tenants under load, and whose adapter every token got.
 */
#include "Canary.h"
#include "CommandLine.h"

#include <cstdio>

using namespace moelora::test;

namespace {

struct Figure {
  const char *name;
  uint64_t value;
};

void print(const CanaryResult &result) {
  const CanaryCounts &counts = result.counts;
  const moelora_slot_table_stats &stats = result.stats;
  const Figure figures[] = {
      {"tokens", counts.tokens()},
      {"with the adapter that was leased", counts.own},
      {"base, as asked for", counts.base},
      {"base, while disabled", counts.disabled},
      {"base, for ids of nobody", counts.masked},
      {"of these, ids of earlier tenants", counts.stale},
      {"cross-tenant", counts.crossed},
      {"NaN", counts.notNumbers},
      {"garbled, lost or untimely",
       counts.garbled + counts.lost + counts.untimely},
      {"loads", stats.loads},
      {"replaced", stats.replaced},
      {"evicted to make room", stats.evictions},
      {"evicted by name", stats.removals},
      {"full", stats.full},
      {"busy", stats.busy},
      {"stale calls", stats.stale_calls},
  };
  for (const Figure &figure : figures)
    std::printf("%s: %llu\n", figure.name,
                static_cast<unsigned long long>(figure.value));
}

} // namespace

int main(int argc, char **argv) {
  CanaryOptions options;
  CommandLine line = {
      {{"tokens", &options.tokens},
       {"threads", &options.threads},
       {"seed", &options.seed},
       {"device", &options.device},
       {"artifact", &options.artifact}},
      {{"hidden", [&] { options.hidden = true; }},
       {"without-generations", [&] { options.generations = false; }},
       {"without-events", [&] { options.events = false; }}}};
  if (!line.read(argc, argv))
    return 2;
  CanaryResult result;
  runCanary(options, result);
  print(result);
  std::vector<std::string> faults = result.faults();
  for (const std::string &fault : faults)
    std::printf("fault: %s\n", fault.c_str());
  std::printf("%d passed, %d failed\n", faults.empty(), !faults.empty());
  return faults.empty() ? 0 : 1;
}
